import Foundation
import Primitives
import Testing

@Suite final class FilesTests {
    private let folder = NSTemporaryDirectory() + "brume-files-\(UUID().uuidString)"

    init() throws {
        try Files.createDirectory(self.folder)
    }

    deinit { try? Files.removeTree(self.folder) }

    private func write(_ name: String, _ text: String) throws -> String {
        let path = "\(self.folder)/\(name)"
        try Files.replace(path, with: Array(text.utf8), mode: 0o600, temporarySuffix: "new")
        return path
    }

    @Test func `a file is read whole, up to the bound and not beyond it`() throws {
        let path = try self.write("a", "abcd")
        #expect(try Files.read(path, bytesMax: 4) == Array("abcd".utf8))
        #expect(throws: FileError.tooLarge(path: path, bytesMax: 3)) { try Files.read(path, bytesMax: 3) }
        #expect(throws: FileError.absent) { try Files.read("\(path)/below") }
        #expect(throws: FileError.absent) { try Files.read("\(self.folder)/none") }
    }

    @Test func `a piece is what the file has of it`() throws {
        let path = try self.write("a", "abcd")
        #expect(try Files.read(path, from: 1, count: 2) == Array("bc".utf8))
        #expect(try Files.read(path, from: 3, count: 9) == Array("d".utf8))
        #expect(try Files.read(path, from: 4, count: 1).isEmpty)
    }

    @Test func `what replaces a file leaves nothing beside it`() throws {
        let path = try self.write("a", "old")
        _ = try self.write("a", "new")
        try Files.append(Array("er".utf8), to: path)
        #expect(try Files.read(path) == Array("newer".utf8))
        #expect(try Files.names(in: self.folder) == ["a"])
    }

    @Test func `of several who make a file the first one does`() throws {
        let path = "\(self.folder)/a"
        func create(_ text: String) throws -> Bool {
            try Files.create(path, with: Array(text.utf8), mode: 0o600, temporarySuffix: text)
        }
        #expect(try create("first"))
        #expect(try !create("second"))
        #expect(try Files.read(path) == Array("first".utf8))
        #expect(try Files.names(in: self.folder) == ["a"])
        #expect(Files.facts(path)?.linkCount == 1)
    }

    @Test func `names are sorted, and a folder that is not there has none`() throws {
        for name in ["c", "a", "b"] { _ = try self.write(name, "") }
        #expect(try Files.names(in: self.folder) == ["a", "b", "c"])
        #expect(try Files.names(in: "\(self.folder)/none").isEmpty)
        #expect(try Files.names(in: "\(self.folder)/a").isEmpty)
    }

    @Test func `facts tell a file from the one that took its place`() throws {
        let path = try self.write("a", "old")
        let before = try #require(Files.facts(path))
        _ = try self.write("a", "new")
        let after = try #require(Files.facts(path))
        #expect(before.bytes == 3 && !before.isDirectory && before != after)
        #expect(Files.isDirectory(self.folder))
        #expect(Files.facts("\(self.folder)/none") == nil)
    }

    @Test func `a tree goes with what is in it, and what is gone already is no error`() throws {
        try Files.createDirectories(above: "\(self.folder)/x/y/z")
        _ = try self.write("x/y/file", "")
        try Files.removeTree("\(self.folder)/x")
        try Files.removeTree("\(self.folder)/x")
        try Files.remove("\(self.folder)/x")
        #expect(try Files.names(in: self.folder).isEmpty)
    }

    @Test(arguments: [("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("a/b/", "a/b", "b")])
    func `a path has a parent and a last name`(_ path: String, _ parent: String, _ last: String) {
        #expect(Files.parent(of: path) == parent)
        #expect(Files.lastName(of: path) == last)
    }

    @Test func `a failure is told with what was done to which path`() throws {
        let path = try self.write("a", "")
        let failure = #expect(throws: FileError.self) { try Files.createDirectory("\(path)/below") }
        #expect(failure?.sentence == "cannot create \(path)/below: Not a directory")
        #expect(failure?.isRefusal == false && failure?.isNoSpace == false)
    }
}
