import Foundation
import Primitives
import ServiceKit
import TestSupport
import Testing

/// Data streams that are folders.
struct DirectoryDataStreamsTests {
    private static let stream = "arn:aws:kinesis:eu-central-1:123456789012:stream/changes"
    private static let place = "123456789012/eu-central-1/changes"

    private static func folder(_ scratch: ScratchFolder) throws {
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/\(self.place)", withIntermediateDirectories: true)
    }

    private static func record(_ text: String) -> DataStreamRecord {
        DataStreamRecord(partitionKey: "AB", data: Array(text.utf8))
    }

    @Test func `records are lines in their order, with what Kinesis shows of them`() async throws {
        let scratch = ScratchFolder()
        try Self.folder(scratch)
        let streams = DirectoryDataStreams(directory: scratch.path)
        let arn = try #require(ARN(Self.stream))
        #expect(await streams.hasStream(arn))
        try await streams.put([Self.record("one"), Self.record("two")], in: arn)
        try await streams.put([Self.record("three")], in: arn)
        let file = "\(scratch.path)/\(Self.place)/records-0000000001.jsonl"
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(
            lines == [
                #"{"PartitionKey":"AB","Data":"b25l"}"#, #"{"PartitionKey":"AB","Data":"dHdv"}"#,
                #"{"PartitionKey":"AB","Data":"dGhyZWU="}"#,
            ])
    }

    @Test func `half a line that a kill left takes no record with it`() async throws {
        let scratch = ScratchFolder()
        try Self.folder(scratch)
        let streams = DirectoryDataStreams(directory: scratch.path)
        let arn = try #require(ARN(Self.stream))
        let file = "\(scratch.path)/\(Self.place)/records-0000000001.jsonl"
        try #"{"Partition"#.write(toFile: file, atomically: true, encoding: .utf8)
        try await streams.put([Self.record("one")], in: arn)
        try await streams.put([Self.record("two")], in: arn)
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(
            lines == [
                #"{"Partition"#, #"{"PartitionKey":"AB","Data":"b25l"}"#, #"{"PartitionKey":"AB","Data":"dHdv"}"#,
            ])
    }

    @Test func `a full file is followed by the next, and the oldest go`() async throws {
        let scratch = ScratchFolder()
        try Self.folder(scratch)
        let streams = DirectoryDataStreams(directory: scratch.path, fileBytesMax: 1)
        let arn = try #require(ARN(Self.stream))
        for number in 1...18 { try await streams.put([Self.record("\(number)")], in: arn) }
        let files = scratch.files.filter { $0.hasSuffix(".jsonl") }.sorted()
        #expect(files.count == 16)
        #expect(files.first == "\(Self.place)/records-0000000003.jsonl")
        #expect(files.last == "\(Self.place)/records-0000000018.jsonl")
    }

    @Test(arguments: [
        Self.stream, "arn:aws:kinesis:eu-central-1:123456789012:stream/..",
        "arn:aws:kinesis:eu-central-1:123456789012:stream/a/b", "arn:aws:kinesis:eu-central-1:..:stream/changes",
        "arn:aws:kinesis:eu-central-1:123456789012:stream/" + String(repeating: "a", count: 129),
        "arn:aws:sqs:eu-central-1:123456789012:changes",
    ])
    func `what has no folder is no stream, and none is made`(_ text: String) async throws {
        let scratch = ScratchFolder()
        let streams = DirectoryDataStreams(directory: scratch.path)
        let arn = try #require(ARN(text))
        #expect(await !streams.hasStream(arn))
        await #expect(throws: DataStreamError.absent) { try await streams.put([Self.record("one")], in: arn) }
        #expect(scratch.files == [])
    }
}
