import Server
import Testing

@Suite struct OpenFilesTests {
    @Test(arguments: [
        (65_536, 20_000), (20_700, 20_000), (20_699, 19_999), (4096, 3396), (1024, 324), (900, 225), (256, 64),
    ])
    func `connections leave files for the rest of the process`(_ openFiles: Int, _ connections: Int) {
        #expect(OpenFiles.connectionCountMax(openFiles: openFiles, wanted: 20_000) == connections)
    }
}
