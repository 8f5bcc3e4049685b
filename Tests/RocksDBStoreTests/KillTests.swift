import Foundation
import KeyValue
import Primitives
import RocksDBStore
import TestSupport
import Testing

@Suite(.serialized) struct KillTests {
    /// What a probe said before it ended.
    private struct Transcript {
        var lines: [Substring] = []
        /// By task, the last number that was acknowledged.
        var acknowledged: [UInt8: Int] = [:]
        var versions: Set<UInt64> = []

        init(_ output: Data) {
            self.lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
            for line in self.lines {
                let words = line.split(separator: " ")
                guard words.count == 3, let task = UInt8(words[0]), let number = Int(words[1]),
                    let version = UInt64(words[2])
                else { continue }
                self.acknowledged[task] = max(self.acknowledged[task] ?? 0, number)
                self.versions.insert(version)
            }
        }
    }

    private static let probe = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("StoreCrashProbe")

    /// Runs the probe; with `lineCount` it is killed when it has said so many lines.
    private func run(
        _ arguments: [String], crashAt: String? = nil, killAfter lineCount: Int? = nil
    ) throws -> Transcript {
        let process = Process()
        process.executableURL = Self.probe
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["BRUME_CRASH_AT"] = crashAt
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var output = Data()
        var seenCount = 0
        while true {
            let chunk = pipe.fileHandleForReading.availableData
            guard !chunk.isEmpty else { break }
            output.append(chunk)
            seenCount += chunk.count { $0 == UInt8(ascii: "\n") }
            if let lineCount, seenCount >= lineCount { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
        if crashAt != nil || lineCount != nil {
            #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
        } else {
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        }
        return Transcript(output)
    }

    /// Nothing that was acknowledged is lost and nothing is half there.
    private func verify(_ path: String, _ transcript: Transcript) async throws {
        let store = try RocksDBStore(path: path)
        let entries = try await store.readLog(LogID(1), after: nil, limit: .max, byteLimit: .max).entries
        #expect(Set(entries.map(\.position.version)).count == entries.count, "a version came twice")
        #expect(transcript.versions.isSubset(of: entries.map(\.position.version.rawValue)))
        for task in 0..<16 as Range<UInt8> {
            let read = try await store.get([[task, 0], [task, 1]], .forAnswer)
            let number = read[0].map { Int(String(decoding: $0.value.prefix { $0 != 32 }, as: UTF8.self)) ?? -1 } ?? 0
            #expect(number >= transcript.acknowledged[task] ?? 0, "task \(task) lost what was acknowledged")
            #expect(read[0]?.value == read[1]?.value && read[0]?.version == read[1]?.version, "task \(task) is torn")
            let page = try await store.scan(KeyRange(prefix: [task, 2]), limit: .max, byteLimit: .max, reverse: false)
            #expect(page.entries.count == number, "task \(task) has \(number) counts and other keys")
            let logged = entries.filter { $0.payload.first == task }.map { entry in
                Int(String(decoding: entry.payload.dropFirst(), as: UTF8.self))
            }
            #expect(logged == (0..<number).map { $0 + 1 }, "the log of task \(task)")
        }
        await store.close()
    }

    @Test func `kill -9 at any moment loses nothing that was acknowledged and tears nothing`() async throws {
        let directory = try ScratchFolder.made()
        let seed = SystemRandomSource().next()
        let random = SeededRandomSource(seed: seed)
        for round in 0..<6 {
            let lineCount = 1 + Int(random.next() % 700)
            let transcript = try self.run(["write", directory.path], killAfter: lineCount)
            do {
                try await self.verify(directory.path, transcript)
            } catch {
                Issue.record("seed \(seed), round \(round), killed after \(lineCount) lines: \(error)")
            }
        }
    }

    @Test(arguments: [
        "store.open.afterFormat", "store.group.beforeWrite", "store.group.beforeWrite:40", "store.group.afterWrite",
        "store.group.afterWrite:40",
    ])
    func `a crash at a named point loses nothing that was acknowledged`(_ point: String) async throws {
        let directory = try ScratchFolder.made()
        for _ in 0..<2 {
            let transcript = try self.run(["write", directory.path], crashAt: point)
            try await self.verify(directory.path, transcript)
        }
    }

    @Test func `a log that the system refuses to grow stops writes, serves reads, and is opened anew`() async throws {
        let directory = try ScratchFolder.made()
        let transcript = try self.run(["outgrow", directory.path, "150000"])
        let failed = try #require(transcript.lines.first { $0.hasPrefix("failed") })
        #expect(failed.contains("unknownOutcome"))
        #expect(transcript.lines.contains { $0.hasPrefix("read true") })
        #expect(transcript.lines.last == "done")
        let before = transcript.lines.firstIndex(of: failed) ?? 0
        #expect(before > 50 && transcript.lines.count - before > 10, "commits before and after the failure")
        try await self.verify(directory.path, transcript)
    }

    @Test func `a crash while the store is opened anew loses nothing`() async throws {
        let directory = try ScratchFolder.made()
        let transcript = try self.run(["outgrow", directory.path, "150000"], crashAt: "store.reopen")
        #expect(transcript.lines.last != "done")
        try await self.verify(directory.path, transcript)
    }
}
