import Foundation
import Inference
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct EngineProcessTests {
    private func run(
        _ script: String, isLast: @escaping @Sendable (OutputLines) -> Bool = { _ in false }
    ) async throws -> (lines: [String], end: ProcessEnd) {
        let log = EngineLog(path: nil)
        let process = try EngineProcess.start(
            ["/bin/sh", "-c", script], onLines: { log.append($0) }, isLast: isLast, onEnd: { _ in })
        let end = await process.end()
        #expect(process.hasEnded)
        return (log.tail(10), end)
    }

    @Test func `what a child prints is cut into lines, and its end is told`() async throws {
        let (lines, end) = try await self.run("echo one; printf 'two\\nthree' >&2; exit 3")
        #expect(lines == ["one", "two", "three"])
        #expect(end == .exited(status: 3))
    }

    @Test func `gathered output is complete, and its end is not waited for`() async throws {
        let log = EngineLog(path: nil)
        let process = try EngineProcess.start(
            ["/bin/sh", "-c", "read line; for i in 1 2 3; do echo $i; done; exit 3"],
            onLines: { log.append($0) }, onEnd: { _ in })
        process.gatherOutput()
        process.letGo()
        #expect(await process.end() == .exited(status: 3))
        #expect(log.tail(10) == ["1", "2", "3"])
    }

    @Test func `a child that rests after its last word is ended`() async throws {
        let (_, end) = try await self.run("echo GGML_ASSERT; sleep 60") { $0.texts == ["GGML_ASSERT"] }
        #expect(end == .killed(signal: 9))
    }

    @Test func `what a child leaves behind is ended with it`() async throws {
        let (lines, end) = try await self.run("sleep 300 & echo bye; kill -9 $$")
        #expect(lines == ["bye"])
        #expect(end == .killed(signal: 9))
    }

    @Test func `a helper that outlives its child by a moment is heard`() async throws {
        let (lines, end) = try await self.run("(sleep 0.1; echo late) & echo bye")
        #expect(lines == ["bye", "late"])
        #expect(end == .exited(status: 0))
    }

    @Test func `who waits for the end finds it noted`() async throws {
        let log = EngineLog(path: nil)
        let process = try EngineProcess.start(
            ["/bin/sh", "-c", "echo bye; exit 4"], onLines: { log.append($0) },
            onEnd: { end in
                usleep(50_000)
                log.append(end: "\(end)")
            })
        _ = await process.end()
        #expect(log.lastWord == "it ended with status 4; its last word: bye")
    }

    @Test func `the lifeline's end is the end of the child's input`() async throws {
        let process = try EngineProcess.start(
            ["/bin/sh", "-c", "read line || exit 7"], onLines: { _ in }, onEnd: { _ in })
        process.letGo()
        #expect(await process.end() == .exited(status: 7))
    }

    @Test func `a program that is not there is told as a sentence`() {
        #expect(throws: ProcessStartError.self) {
            try EngineProcess.start(["/nonexistent/x"], onLines: { _ in }, onEnd: { _ in })
        }
    }

    @Test func `the reason of an end is the line that speaks of an error`() {
        let log = EngineLog(path: nil)
        for line in ["loading", "error: no such tensor", "bye"] { log.append([line]) }
        #expect(log.reason == "error: no such tensor")
        for index in 0..<1000 { log.append(["line \(index)"]) }
        #expect(log.tail(2000).count <= EngineLog.lineCountMax)
        #expect(log.reason == "line 999")
        log.append(end: "it ended with status 1")
        #expect(log.lastWord == "it ended with status 1; its last word: line 999")
    }

    @Test func `a log keeps the newest lines, however long they are`() {
        let log = EngineLog(path: nil)
        for index in 0..<1000 { log.append(OutputLines(["\(index)", String(repeating: "x", count: 5000)])) }
        let lines = log.tail(1000)
        #expect(lines.suffix(2) == ["999", String(repeating: "x", count: 5000)])
        #expect((4...26).contains(lines.count))
    }

    @Test func `a line without an end is split`() async throws {
        let (lines, _) = try await self.run("head -c 100000 /dev/zero | tr '\\0' x; echo; echo last")
        #expect(lines.last == "last")
        #expect(lines.count > 3 && lines.allSatisfy { $0.utf8.count <= 1 << 15 })
    }

    @Test func `a directory of engines goes with its server, and those of servers that were killed at a start`() throws
    {
        let parent = "/tmp/brume-test-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: parent) }
        let killed = try EngineDirectory(dataDirectory: "/a", parent: parent)
        let own = try EngineDirectory(dataDirectory: "/b", parent: parent)
        // Both are this process's: it runs.
        _ = own.removeAbandoned()
        #expect(try names().count == 2)
        let owner = try #require(
            try FileManager.default.contentsOfDirectory(atPath: killed.path).first { $0.hasPrefix("server-") })
        try Data("4194000 1\n".utf8).write(to: URL(filePath: "\(killed.path)/\(owner)"))
        try Data().write(to: URL(filePath: killed.next().socket))
        _ = own.removeAbandoned()
        let left = try names()
        #expect(left.count == 1 && own.path.hasSuffix(left[0]))
        own.remove()
        #expect(try names().isEmpty)
    }

    @Test func `without a place for sockets they are in the data directory, as in a container without /tmp`() throws {
        let data = "/tmp/brume-test-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: data) }
        // A variable that names no directory, as after `su`, does not matter.
        let usual = try EngineDirectory(dataDirectory: data, parent: "/nonexistent")
        #expect(usual.path.hasPrefix("/tmp/brume-"))
        usual.remove()
        try Data().write(to: URL(filePath: usual.path))
        defer { try? FileManager.default.removeItem(atPath: usual.path) }
        let directory = try EngineDirectory(dataDirectory: data, parent: "/nonexistent")
        #expect(directory.path.hasPrefix("\(data)/brume-"))
        #expect(directory.next().socket.utf8.count <= EngineDirectory.socketBytesMax)
        directory.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: data).isEmpty)
        // A path that is too long for sockets is none.
        let long = data + String(repeating: "/long", count: 12)
        let other = try EngineDirectory(dataDirectory: long, parent: nil)
        other.remove()
        try Data().write(to: URL(filePath: other.path))
        defer { try? FileManager.default.removeItem(atPath: other.path) }
        #expect(throws: ProcessStartError.self) { try EngineDirectory(dataDirectory: long, parent: "/nonexistent") }
    }

    @Test func `a process is known by its id and its start`() {
        let directory = try? EngineDirectory(dataDirectory: "/tests/\(UInt64.random(in: 0...UInt64.max))", parent: nil)
        let next = directory?.next()
        #expect((next?.socket.utf8.count ?? 0) <= EngineDirectory.socketBytesMax)
        var record = EngineRecord(processID: 1)
        #expect(record.isRunning)
        record.startTime += "0"
        #expect(!record.isRunning)
        #expect(directory?.endLeftovers() == [])
        directory?.remove()
    }
}
