import Foundation
import Inference
import TestSupport
import Testing

/// What is read of a machine, and what is made of it.
struct MachineRoomTests {
    @Test func `devices are those that the engine lists, with what is free`() {
        let devices = DeviceList.parse([
            "Available devices:", "  CUDA0: NVIDIA GeForce RTX 3090 (24151 MiB, 23800 MiB free)",
            "  Vulkan1: Some (odd) card (100 MiB)", "  no device", "  X: (1 MiB)", "  Y: y (0 MiB, 0 MiB free)",
            "CUDA9: too far left (1 MiB, 1 MiB free)",
        ])
        #expect(devices.map(\.id) == ["CUDA0", "Vulkan1"])
        #expect(devices.map(\.profile.name) == ["NVIDIA GeForce RTX 3090", "Some (odd) card"])
        #expect(devices.map(\.profile.freeBytes) == [23_800 << 20, 100 << 20])
        #expect(devices.map(\.isLive) == [true, false])
        #expect(devices[0].profile.bytesPerSecond == 936e9)
    }

    @Test(
        arguments: [
            ("80%", .part(0.8)), ("6GiB", .bytes(6 << 30)), ("900mib", .bytes(900 << 20)), ("2g", .bytes(2 << 30)),
            ("0%", nil), ("101%", nil), ("6", nil), ("-1GiB", nil), ("0MiB", nil), ("GiB", nil), ("", nil),
            ("99999999999GiB", nil),
        ] as [(String, MemoryShare?)])
    func `a share of memory is a part or a size`(_ text: String, _ share: MemoryShare?) {
        #expect(MemoryShare(text) == share)
    }

    @Test func `a share is never more than there is`() {
        #expect(MemoryShare.part(0.5).bytes(of: 10 << 30) == 5 << 30)
        #expect(MemoryShare.bytes(20 << 30).bytes(of: 10 << 30) == 10 << 30)
    }

    @Test func `a container's bound counts, and files that are kept do not`() throws {
        let folder = try ScratchFolder.made()
        let memory = try folder.write(
            Array("MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:   12288 kB\n".utf8), "meminfo")
        let group = (memory as NSString).deletingLastPathComponent
        #expect(MachineMemory.host((memory, group)) == .init(totalBytes: 16 << 20, availableBytes: 12 << 20))
        _ = try folder.write(Array("8388608\n".utf8), "memory.max")
        _ = try folder.write(Array("6291456\n".utf8), "memory.current")
        _ = try folder.write(Array("anon 1\nfile 2097152\n".utf8), "memory.stat")
        #expect(MachineMemory.host((memory, group)) == .init(totalBytes: 8 << 20, availableBytes: 4 << 20))
        _ = try folder.write(Array("max\n".utf8), "memory.max")
        #expect(MachineMemory.host((memory, group))?.totalBytes == 16 << 20)
        #expect(MachineMemory.host(("/nonexistent", group)) == nil)
    }

    private func facts(_ lines: [String]) -> EngineFacts {
        EngineFacts(
            program: EngineProgram(path: "/llama-server", origin: .path), version: "version: 1",
            devices: DeviceList.parse(lines), tellsBuffers: true)
    }

    @Test func `settings bound what models may take, and a profile stands for what is here`() {
        let here = self.facts(["  CUDA0: RTX 3090 (24000 MiB, 20000 MiB free)"])
        let host = MachineMemory.Host(totalBytes: 10 << 30, availableBytes: 8 << 30)
        var settings = MachinePlanner.Settings()
        var room = MachinePlanner.room(settings, here, host)
        #expect(room.hostLimitBytes == 8 << 30)
        #expect(room.devices.map(\.limitBytes) == [24_000 << 20])
        #expect(room.tellsBuffers)
        settings.deviceShare = .part(0.5)
        settings.profile = DeviceProfile.named("rtx4090")
        room = MachinePlanner.room(settings, here, host)
        #expect(room.devices.map(\.id) == ["CUDA0"])
        #expect(room.devices.map(\.limitBytes) == [12 << 30])
        #expect(room.devices.map(\.isPretended) == [false])
        room = MachinePlanner.room(settings, self.facts([]), host)
        #expect(room.devices.map(\.isPretended) == [true])
        settings.profile = DeviceProfile.none
        #expect(MachinePlanner.room(settings, here, host).devices.isEmpty)
    }

    @Test func `a card that the engine cannot use is told`() {
        #expect(self.facts([]).unusedCards(["RTX 3090"])?.hasPrefix("RTX 3090 is here, but the engine") == true)
        #expect(self.facts([]).unusedCards([]) == nil)
        #expect(self.facts(["  CUDA0: RTX (1 MiB, 1 MiB free)"]).unusedCards(["RTX"]) == nil)
    }

    @Test func `an engine's buffers are read from its log`() {
        var memory = EngineMemory()
        for line in [
            "0.00.013.115 I load_tensors:   CPU_Mapped model buffer size =     2.00 MiB",
            "load_tensors:        CUDA0 model buffer size =   100.50 MiB",
            "llama_kv_cache:      CUDA0 KV buffer size =    10.00 MiB",
            "llama_kv_cache:        CPU KV buffer size =     1.00 MiB",
            "llama_context:  CUDA_Host  output buffer size =     0.50 MiB",
            "sched_reserve:      CUDA0 compute buffer size =     3.50 MiB",
            "llama_kv_cache: size =    1.50 MiB (  2048 cells,   1 layers", "x buffer size = many", " buffer size =",
            "x CPU other buffer size = 4.00 MiB", "x CPU model buffer size = -4.00 MiB",
        ] { memory.read(line) }
        #expect(memory.deviceBytes == ["CUDA0": 114 << 20])
        #expect(memory.hostBytes == (3 << 20) + (1 << 19))
        #expect(memory.mappedBytes == 2 << 20)
    }
}
