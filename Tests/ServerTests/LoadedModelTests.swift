import Server
import Testing

@Suite struct LoadedModelTests {
    @Test func `a line of what is loaded is read field by field, and others are not`() throws {
        let line = "a\tready\t12\t1\t2\tpinned\t1 slot instead of 4.\t1\t4096\tq8_0\t33\t2\tRTX\t500\t60"
        let model = try #require(LoadedModel(line: line[...]))
        #expect((model.name, model.state, model.processID) == ("a", "ready", 12))
        #expect((model.requests, model.waiting, model.isPinned, model.note) == (1, 2, true, "1 slot instead of 4."))
        let start = try #require(model.start)
        #expect((start.slots, start.contextTokens, start.cacheType, start.gpuLayers) == (1, 4096, "q8_0", "33"))
        #expect((start.hostExpertLayers, start.device) == (2, "RTX"))
        #expect((start.deviceBytes, start.hostBytes) == (500, 60))
        #expect(LoadedModel(line: "b\tfailed\t-\t0\t0\t-\tno memory")?.start == nil)
        #expect(LoadedModel(line: "b\tfailed") == nil)
        #expect(LoadedModel(line: "b\tfailed\t-\tx\t0\t-\t") == nil)
    }

    @Test func `a line of memory is read field by field, and others are not`() {
        let line = MemoryLine(line: "CUDA0\tRTX\t10\t9\t8\t7")
        #expect(line?.id == "CUDA0" && line?.totalBytes == 10 && line?.bookedBytes == 7)
        #expect(MemoryLine(line: "CUDA0\tRTX\t10\t9\t8\t-7") == nil)
        #expect(MemoryLine(line: "CUDA0") == nil)
    }
}
