import Foundation
import Inference
import TestSupport
import Testing

/// Models in several files.
struct GGUFSplitTests {
    private let folder: ScratchFolder

    init() throws { self.folder = try ScratchFolder.made() }

    private func part(_ number: UInt64, of count: UInt64, tensors: [String], announced: UInt64 = 3) -> GGUFBuilder {
        var builder = GGUFBuilder()
        if number > 0 { builder.values = [] }
        builder.values += [
            ("split.no", .number(.uint16, number)), ("split.count", .number(.uint16, count)),
            ("split.tensors.count", .number(.int32, announced)),
        ]
        builder.tensors = tensors.map { .init(name: $0, dimensions: [8, 2]) }
        return builder
    }

    private func write(_ change: (inout [GGUFBuilder]) -> Void = { _ in }) throws -> [String] {
        var parts = [
            self.part(0, of: 3, tensors: []), self.part(1, of: 3, tensors: ["a", "b"]),
            self.part(2, of: 3, tensors: ["c"]),
        ]
        change(&parts)
        return try parts.enumerated().map { number, part in
            try self.folder.write(part.bytes, "m-0000\(number + 1)-of-00003.gguf")
        }
    }

    private func refusal(_ open: () throws(GGUFError) -> GGUFFile) -> String {
        do throws(GGUFError) {
            _ = try open()
            return "taken"
        } catch {
            return error.description
        }
    }

    @Test func `the first file opens the whole model`() throws {
        let paths = try self.write()
        let file = try GGUFFile.open(paths[0])
        #expect(file.paths == paths)
        #expect(file.tensors.map(\.name) == ["a", "b", "c"])
        #expect(file.tensors.map(\.part) == [1, 1, 2])
        #expect(file.parameterCount == 48)
        let sizes = try paths.map { try Data(contentsOf: URL(filePath: $0)).count }
        #expect(file.fileBytes == UInt64(sizes.reduce(0, +)))
    }

    @Test func `files of other names open as a list`() throws {
        let paths = try self.write()
        #expect(try GGUFFile.open(parts: paths).tensors.count == 3)
        let sentence = self.refusal { () throws(GGUFError) in try GGUFFile.open(parts: [paths[0], paths[1]]) }
        #expect(sentence.hasSuffix("the model has 3 files, and 2 were given."))
        let swapped = self.refusal { () throws(GGUFError) in
            try GGUFFile.open(parts: [paths[0], paths[2], paths[1]])
        }
        #expect(swapped.hasSuffix("file 2 of 3 was expected here, and it says that it is number 3."))
    }

    @Test func `another file than the first names the first`() throws {
        let paths = try self.write()
        let sentence = self.refusal { () throws(GGUFError) in try GGUFFile.open(paths[1]) }
        #expect(sentence.hasSuffix("this is file 2 of a model in 3 files; give the first one: \(paths[0])."))
    }

    @Test func `a first file of another name is refused`() throws {
        let path = try self.folder.write(self.part(0, of: 3, tensors: []).bytes, "model.gguf")
        let sentence = self.refusal { () throws(GGUFError) in try GGUFFile.open(path) }
        #expect(sentence.hasSuffix("is not named so: <name>-00001-of-00003.gguf was expected."))
    }

    @Test func `a missing file is named`() throws {
        var first = self.part(0, of: 2, tensors: [])
        first.values[2].1 = .number(.uint16, 2)
        let path = try self.folder.write(first.bytes, "n-00001-of-00002.gguf")
        let sentence = self.refusal { () throws(GGUFError) in try GGUFFile.open(path) }
        #expect(sentence.hasSuffix("n-00002-of-00002.gguf: the file cannot be opened: No such file or directory."))
    }

    @Test func `tensors twice or too few are refused`() throws {
        let doubled = try self.write { $0[2].tensors[0].name = "a" }
        let sentence = self.refusal { () throws(GGUFError) in try GGUFFile.open(doubled[0]) }
        #expect(sentence.hasSuffix("tensor \"a\" stands in two files of the model."))
        let few = try self.write { $0[2].tensors = [] }
        let count = self.refusal { () throws(GGUFError) in try GGUFFile.open(few[0]) }
        #expect(count.hasSuffix("the files have 2 tensors together, and 3 are announced."))
    }

    @Test func `a model of more files than the limit is refused`() throws {
        let path = try self.folder.write(self.part(0, of: 1025, tensors: []).bytes, "m-00001-of-01025.gguf")
        let sentence = self.refusal { () throws(GGUFError) in try GGUFFile.open(path) }
        #expect(sentence.hasSuffix("a model of 1025 files is not taken."))
    }
}
