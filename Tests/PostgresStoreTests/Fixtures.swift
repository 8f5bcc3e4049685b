import Foundation
import KeyValue
import KeyValueConformance
import PostgresStore
import Primitives
import Synchronization

/// Tables of its own on a server, and the stores that are open on them, each as another process would have it.
final class StoreFixture: Sendable {
    let server: PostgresServer
    let name: String
    let clock = ManualClock()
    private let opened = Mutex<[PostgresStore]>([])

    init(_ server: PostgresServer) {
        self.server = server
        self.name = "t" + UUID().uuidString.prefix(8).lowercased()
    }

    var options: PostgresOptions {
        var options = PostgresOptions(url: self.server.url(self.name))
        options.schema = self.name
        options.clock = self.clock
        options.readConnectionCount = 2
        return options
    }

    func open(_ change: (inout PostgresOptions) -> Void = { _ in }) throws -> PostgresStore {
        var options = self.options
        change(&options)
        let store = try PostgresStore(options)
        self.opened.withLock { $0.append(store) }
        return store
    }

    func closeAll() async {
        for store in self.opened.withLock({ $0 }) { await store.close() }
    }

    /// Closes every store and returns when the server has noticed that: it ends a connection some time after it was
    /// told to, and what the connection held is held until then.
    func closeAllAndWait() async throws {
        await self.closeAll()
        let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(self.name)'"
        for _ in 0..<Self.looksMax {
            if try self.server.query(count) == "0" { return }
        }
    }

    /// Each takes as long as a process takes to start.
    private static let looksMax = 1000

    /// Another process takes over; the first one does nothing any more.
    func subject() throws -> StoreUnderTest {
        StoreUnderTest(store: try self.open(), clock: self.clock, reopen: { try self.open() })
    }
}

/// Runs `body` on tables of its own, on the server that tests share unless another is given.
func withFixture(_ server: PostgresServer? = nil, _ body: (StoreFixture) async throws -> Void) async throws {
    let fixture = StoreFixture(try server ?? PostgresServer.shared())
    do {
        try await body(fixture)
    } catch {
        await fixture.closeAll()
        throw error
    }
    await fixture.closeAll()
}
