import Foundation
import Inference
import TestSupport
import Testing

struct DeviceProfileTests {
    private func refusal<Value>(_ work: () throws(PlanningError) -> Value) -> String {
        do throws(PlanningError) {
            _ = try work()
            return "taken"
        } catch {
            switch error {
            case .unusableModel(let sentence), .unknownDevice(let sentence): return sentence
            }
        }
    }

    @Test func `a card is known by its short name or its own`() {
        let card = DeviceProfile.named("rtx3090")
        #expect(card?.memoryBytes == 24 << 30)
        #expect(card?.bytesPerSecond == 936e9)
        #expect(DeviceProfile.named("RTX 3090") == card)
        #expect(DeviceProfile.named("NVIDIA GeForce RTX 3090") == card)
        #expect(DeviceProfile.named("rtx9999") == nil)
        #expect(card?.usableBytes == 23 << 30)
    }

    @Test func `a profile file is read strictly`() throws {
        let text = #"{"name":"My card","memoryGiB":24,"freeGiB":20.5,"marginGiB":0.5,"bandwidthGBs":936}"#
        let profile = try DeviceProfile.parse(Array(text.utf8))
        #expect(profile.name == "My card")
        #expect(profile.usableBytes == 20 << 30)
        #expect(profile.bytesPerSecond == 936e9)
        for wrong in ["", "[]", #"{"memoryGiB":"24"}"#, #"{"memoryGiB":24,"speed":1}"#, #"{"memoryGiB":-1}"#] {
            let sentence = self.refusal { () throws(PlanningError) in try DeviceProfile.parse(Array(wrong.utf8)) }
            #expect(sentence.contains("profile"), "\(wrong)")
        }
        let missing = self.refusal { () throws(PlanningError) in try DeviceProfile.parse(Array("{}".utf8)) }
        #expect(missing == "a profile must have \"memoryGiB\"")
    }

    @Test func `the answer of nvidia-smi gives each device`() throws {
        let answer = "0, NVIDIA GeForce RTX 3090, 24576, 23871\n1, NVIDIA H100 PCIe, 81559, 80000\n"
        let devices = try NvidiaSMI.parse(answer)
        #expect(devices.map(\.name) == ["NVIDIA GeForce RTX 3090", "NVIDIA H100 PCIe"])
        #expect(devices[0].freeBytes == 23_871 << 20)
        #expect(devices[0].bytesPerSecond == 936e9)
        // Of another make than the one that is known: no speed is made up.
        #expect(devices[1].bytesPerSecond == nil)
        #expect(try NvidiaSMI.parse("").isEmpty)
    }

    @Test(
        arguments: [
            "0, RTX, 24576", "0, RTX, 24576, [N/A]", "1, RTX, 24576, 100", "0, , 24576, 100", "0, RTX, 100, 200",
            "0, RTX, -5, 0", "0, RTX, 0, 0", "0, RTX, 24576 MiB, 100", "No devices were found",
            "0, RTX, 99999999999999999999, 1",
        ])
    func `anything else of nvidia-smi is refused with the line`(line: String) {
        let sentence = self.refusal { () throws(PlanningError) in try NvidiaSMI.parse(line) }
        #expect(sentence == "nvidia-smi printed no device: \"\(line)\"")
    }

    /// A program that stands in for NVIDIA's.
    private func program(_ script: String, _ folder: ScratchFolder) throws -> String {
        let text = try folder.write(Array("#!/bin/sh\n\(script)\n".utf8), "script")
        let path = folder.path + "/nvidia-smi"
        // Written by another process: a child that some other test forks meanwhile would hold a file that this one
        // writes, and the system starts no program that somebody may still write to (ETXTBSY).
        let install = Process()
        install.executableURL = URL(fileURLWithPath: "/usr/bin/install")
        install.arguments = ["-m", "755", text, path]
        try install.run()
        install.waitUntilExit()
        try #require(install.terminationStatus == 0)
        return path
    }

    @Test func `the tool is asked as a child, and a machine without it has no device`() throws {
        let folder = try ScratchFolder.made()
        let script = #"[ "$1" = "--query-gpu=index,name,memory.total,memory.free" ] && echo "0, RTX, 24576, 20000""#
        let path = try self.program(script, folder)
        #expect(
            try DeviceFacts.devices(programs: ["/nonexistent/nvidia-smi", path]).map(\.freeBytes) == [20_000 << 20])
        #expect(try DeviceFacts.devices(programs: ["/nonexistent/nvidia-smi"]).isEmpty)
    }

    @Test func `a tool that fails, hangs or never ends is no device`() throws {
        let folder = try ScratchFolder.made()
        let failing = try self.program("echo no driver; exit 9", folder)
        let failed = self.refusal { () throws(PlanningError) in try DeviceFacts.devices(programs: [failing]) }
        #expect(failed == "\(failing) failed: \"no driver\"")
        let hanging = try self.program("exec tail -f /dev/null", folder)
        let hung = self.refusal { () throws(PlanningError) in
            try DeviceFacts.devices(programs: [hanging], millisecondsMax: 50)
        }
        #expect(hung == "\(hanging) did not finish within 50 ms, or printed too much")
        let endless = try self.program("exec yes", folder)
        let refused = self.refusal { () throws(PlanningError) in try DeviceFacts.devices(programs: [endless]) }
        #expect(refused == "\(endless) did not finish within 10000 ms, or printed too much")
    }

    @Test func `an answer of nvidia-smi without end is refused`() {
        let many = (0..<65).map { "\($0), RTX, 100, 50" }.joined(separator: "\n")
        let sentence = self.refusal { () throws(PlanningError) in try NvidiaSMI.parse(many) }
        #expect(sentence == "nvidia-smi names more than 64 devices")
        let long = String(repeating: "x", count: NvidiaSMI.answerBytesMax + 1)
        let refused = self.refusal { () throws(PlanningError) in try NvidiaSMI.parse(long) }
        #expect(refused == "the answer of nvidia-smi is longer than 65536 bytes")
    }
}
