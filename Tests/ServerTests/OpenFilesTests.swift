import Server
import Testing

@Suite struct OpenFilesTests {
    @Test func `a limit of address space under which a start would crash is told`() {
        #expect(AddressSpace.refusal(limitBytes: .max) == nil)
        #expect(AddressSpace.refusal(limitBytes: AddressSpace.bytesMin) == nil)
        #expect(
            AddressSpace.refusal(limitBytes: 700 << 20)?.hasPrefix(
                "the limit of address space (ulimit -v) is 700 MiB, and a server needs 1024: raise it.") == true)
    }

    @Test(arguments: [
        (65_536, 20_000), (20_700, 20_000), (20_699, 19_999), (4096, 3396), (1024, 324), (900, 225), (256, 64),
    ])
    func `connections leave files for the rest of the process`(_ openFiles: Int, _ connections: Int) {
        #expect(OpenFiles.connectionCountMax(openFiles: openFiles, wanted: 20_000) == connections)
    }
}
