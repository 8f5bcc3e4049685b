import Foundation
import Primitives
import Telemetry
import TestSupport
import Testing

@Suite struct RotatingLogFileTests {
    private let folder: ScratchFolder
    private var path: String { self.folder.path + "/access.log" }

    init() throws {
        self.folder = try .made()
    }

    private func lines(_ name: String) throws -> [String] {
        try String(contentsOfFile: "\(self.folder.path)/\(name)", encoding: .utf8)
            .split(separator: "\n").map(String.init)
    }

    private static func record(_ message: String) -> LogRecord {
        LogRecord(time: Timestamp(secondsSinceEpoch: 0), level: .info, message: message)
    }

    private static func line(_ message: String) -> String {
        #"{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"\#(message)"}"#
    }

    /// One file's life: everything written is there when this returns.
    private func write(_ messages: [String], _ limits: RotatingLogFile.Limits = .init()) throws -> RotatingLogFile {
        let file = try #require(RotatingLogFile(path: self.path, limits: limits))
        for message in messages { file.write(Self.record(message)) }
        file.close()
        return file
    }

    @Test func `closing writes every line that waits, in order`() throws {
        let messages = (0..<2000).map { "\($0)" }
        let file = try self.write(messages)
        #expect(try self.lines("access.log") == messages.map(Self.line))
        #expect(file.dropped.value == 0)
    }

    @Test func `only the owner reads the file, and what is in it stays`() throws {
        _ = try self.write(["one"])
        _ = try self.write(["two"])
        #expect(try self.lines("access.log") == [Self.line("one"), Self.line("two")])
        let attributes = try FileManager.default.attributesOfItem(atPath: self.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `what follows a torn line begins on a line of its own`() throws {
        try #"{"time":"1970"#.write(toFile: self.path, atomically: true, encoding: .utf8)
        _ = try self.write(["one"])
        _ = try self.write(["two"])
        #expect(try self.lines("access.log") == [#"{"time":"1970"#, Self.line("one"), Self.line("two")])
    }

    @Test func `a file that is full is renamed, and only so many are kept`() throws {
        var limits = RotatingLogFile.Limits()
        limits.fileBytesMax = 1
        limits.fileCountMax = 2
        #expect(self.folder.names == [])
        // Every life writes one batch, and every batch fills a file.
        for message in ["1", "2", "3", "4"] { _ = try self.write([message], limits) }
        #expect(self.folder.names.filter { $0 != "access.log" } == ["access.log.1", "access.log.2"])
        #expect(try self.lines("access.log.1") == [Self.line("4")])
        #expect(try self.lines("access.log.2") == [Self.line("3")])
    }

    @Test func `the bytes of an earlier life count`() throws {
        var limits = RotatingLogFile.Limits()
        limits.fileBytesMax = Self.line("1").utf8.count * 2
        _ = try self.write(["1"], limits)
        #expect(self.folder.names == ["access.log"])
        _ = try self.write(["2"], limits)
        #expect(try self.lines("access.log.1") == [Self.line("1"), Self.line("2")])
    }

    @Test func `lines beyond the buffer are dropped and counted`() throws {
        var limits = RotatingLogFile.Limits()
        limits.bufferBytesMax = 0
        let file = try self.write(["1", "2", "3"], limits)
        #expect(file.dropped.value == 3)
        #expect(try self.lines("access.log") == [])
    }

    @Test func `lines after the end are dropped and counted, and ending twice is ending once`() throws {
        let file = try self.write(["1"])
        file.write(Self.record("2"))
        file.close()
        #expect(file.dropped.value == 1)
        #expect(try self.lines("access.log") == [Self.line("1")])
    }

    @Test func `a folder that is not there is said at once`() {
        #expect(RotatingLogFile(path: self.folder.path + "/absent/access.log") == nil)
        #expect(RotatingLogFile(path: self.folder.path) == nil)
    }

    @Test func `lines that the disk does not take are counted one by one`() throws {
        let file = try #require(RotatingLogFile(path: self.path))
        try FileManager.default.removeItem(atPath: self.folder.path)
        for message in ["1", "2", "3"] { file.write(Self.record(message)) }
        file.close()
        #expect(file.dropped.value == 3)
    }
}
