import Primitives
import Testing
import Upstream

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite(.timeLimit(.minutes(1)))
struct FileDiscoveryTests {
    private let path = "/tmp/brume-endpoints-\(SystemRandomSource().next())"

    private func write(_ text: String) {
        let file = unsafe fopen(self.path, "w")
        guard let file = unsafe file else {
            Issue.record("\(self.path) cannot be written")
            return
        }
        _ = unsafe fputs(text, file)
        _ = unsafe fclose(file)
    }

    /// Moves the time on until the provider says something.
    private func next(
        _ iterator: DiscoveryPollIterator<FileDiscovery.Source>, _ time: ManualTime
    ) async -> (DiscoveryUpdate?, DiscoveryPollIterator<FileDiscovery.Source>) {
        await withTaskGroup(of: (DiscoveryUpdate?, DiscoveryPollIterator<FileDiscovery.Source>).self) { group in
            group.addTask {
                var iterator = iterator
                let update = await iterator.next()
                return (update, iterator)
            }
            await time.sleepers(1)
            time.advance(.seconds(2))
            guard let result = await group.next() else { preconditionFailure("there is one task") }
            return result
        }
    }

    @Test func `a wrong file leaves the last endpoints, and is told once`() async throws {
        let time = ManualTime()
        self.write("http://10.0.0.1:80")
        defer { _ = unsafe unlink(self.path) }
        var iterator = FileDiscovery(path: self.path, time: time.time).makeAsyncIterator()
        #expect(await iterator.next() == .endpoints(.of([.node(1)])))
        self.write("http://10.0.0.1:80\nwrong")
        var update: DiscoveryUpdate?
        (update, iterator) = await self.next(iterator, time)
        #expect(
            update
                == .failed(
                    "\(self.path), line 2: an endpoint is written http://host:port, https://host:port or unix:/path"))
        self.write("http://10.0.0.1:80\nhttp://10.0.0.2:80")
        (update, iterator) = await self.next(iterator, time)
        #expect(update == .endpoints(.of([.node(1), .node(2)])))
        _ = unsafe unlink(self.path)
        (update, iterator) = await self.next(iterator, time)
        #expect(update == .failed("\(self.path) is not there"))
        // The same endpoints again are news after a failure.
        self.write("http://10.0.0.2:80\nhttp://10.0.0.1:80")
        (update, iterator) = await self.next(iterator, time)
        #expect(update == .endpoints(.of([.node(1), .node(2)])))
    }

    @Test func `a file over the bound is refused`() async throws {
        self.write(String(repeating: "#", count: EndpointList.bytesMax + 1))
        defer { _ = unsafe unlink(self.path) }
        var iterator = FileDiscovery(path: self.path).makeAsyncIterator()
        #expect(
            await iterator.next()
                == .failed("\(self.path) is larger than the \(EndpointList.bytesMax) bytes that such a file has"))
    }
}
