import Containers
import Testing

@Suite struct EngineFormatTests {
    private static func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [stream, 0, 0, 0] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    @Test(arguments: [1, 2, 3, 7, 8, 9, 1000])
    func `frames of logs are put together however they arrive`(size: Int) throws {
        let all = Self.frame(1, "hello\n") + Self.frame(2, "") + Self.frame(2, "trouble\n") + Self.frame(1, "bye")
        var frames = LogFrames(hasTerminal: false)
        var texts: [LogPiece.Stream: String] = [:]
        var rest = all[...]
        while !rest.isEmpty {
            for piece in try frames.pieces(of: Array(rest.prefix(size))) {
                texts[piece.stream, default: ""] += String(decoding: piece.bytes, as: UTF8.self)
            }
            rest = rest.dropFirst(size)
        }
        #expect(texts == [.output: "hello\nbye", .error: "trouble\n"])
    }

    @Test func `what is no frame is refused, and a terminal has none`() throws {
        for bytes in [[9, 0, 0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0xFF, 0, 0, 0]] as [[UInt8]] {
            var frames = LogFrames(hasTerminal: false)
            #expect(throws: ContainerEngineError.self) { try frames.pieces(of: bytes) }
        }
        var terminal = LogFrames(hasTerminal: true)
        #expect(try terminal.pieces(of: [9, 9]).map(\.bytes) == [[9, 9]])
    }

    @Test func `an archive has heads with their sums, whole blocks and an end`() {
        var archive = TarArchive()
        let isAdded = archive.add("code/a.py", Array("print(1)\n".utf8), mode: 0o755, owner: 65_532)
        #expect(isAdded)
        let bytes = archive.bytes
        #expect(bytes.count == 512 * 4)
        #expect(Array(bytes[257..<263]) == Array("ustar".utf8) + [0])
        #expect(String(decoding: bytes[124..<135], as: UTF8.self) == "00000000011")
        var head = Array(bytes[..<512])
        for index in 148..<156 { head[index] = 0x20 }
        let sum = head.reduce(0) { $0 + Int($1) }
        #expect(Int(String(decoding: bytes[148..<154], as: UTF8.self), radix: 8) == sum)
        #expect(bytes[1024...].allSatisfy { $0 == 0 })
    }

    @Test(arguments: ["", "/etc/passwd", "../a", "a/../b", String(repeating: "a", count: 101)])
    func `an archive takes no name that leaves its directory`(name: String) {
        var archive = TarArchive()
        let isAdded = archive.add(name, [])
        #expect(!isAdded)
    }

    @Test func `counters of the machine become shares of it`() throws {
        let networks = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
                lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
              eth0: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0
            """
        let before = try #require(HostCounters(stat: "cpu  10 0 10 70 10 0 0 0 0 0\n", networks: networks))
        let now = try #require(
            HostCounters(
                stat: "cpu  40 0 20 110 20 5 5 0 7 0\n", networks: networks.replacing("eth0: 100", with: "eth0: 600")))
        #expect(before.cpuBusy == 20 && before.cpuAll == 100)
        let memory = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\n"
        let host = try #require(
            HostStatistics(now: now, before: before, seconds: 5, memory: memory, disk: (used: 1, total: 4)))
        #expect(host.cpuPercent == 50)
        #expect(host.memoryPercent == 60)
        #expect(host.diskPercent == 25)
        #expect(host.networkBytesPerSecond == 100)
        #expect(HostStatistics(now: now, before: nil, seconds: 0, memory: memory, disk: (0, 0))?.cpuPercent == nil)
        #expect(HostStatistics(now: now, before: nil, seconds: 0, memory: "MemTotal: 1 kB", disk: (0, 0)) == nil)
        #expect(HostCounters(stat: "intr 1", networks: "") == nil)
    }

    @Test func `devices are those of the lines that can be read`() {
        let devices = DeviceStatistics.parse(
            "0, NVIDIA GeForce RTX 3090, 37, 8123, 24576\n1, Old, [N/A], 1, 2\n2, Bad, 1, [N/A], 2\nnonsense\n")
        #expect(devices.map(\.name) == ["NVIDIA GeForce RTX 3090", "Old"])
        #expect(devices.map(\.busyPercent) == [37, nil])
        #expect(devices.first?.memoryTotalBytes == 24_576 << 20)
    }

    @Test func `this machine says what it uses`() throws {
        #if os(Linux)
        var reader = HostReader(disk: "/")
        let first = reader.read(now: .now)
        let host = try #require(first)
        #expect(host.memoryTotalBytes > 0 && host.diskTotalBytes > 0)
        var nothing = HostReader(disk: "/", directory: "/nowhere")
        let second = nothing.read(now: .now)
        #expect(second == nil)
        #endif
    }
}
