import KeyValue
import KeyValueConformance
import PostgresStore
import Synchronization

/// Several nodes on one database that look like one store: each call goes to the next node. What holds for it holds for
/// clients behind a load balancer.
final class AlternatingStore: ForwardingStore {
    private let nodes: [PostgresStore]
    private let turn = Atomic<Int>(0)

    init(_ nodes: [PostgresStore]) {
        self.nodes = nodes
    }

    /// The next node in turn.
    var inner: PostgresStore {
        self.nodes[self.turn.add(1, ordering: .relaxed).newValue % self.nodes.count]
    }

    // What is the same for all nodes takes no turn.
    var limits: StoreLimits { self.nodes[0].limits }
    var health: StoreHealth { self.nodes[0].health }
    func healthUpdates() -> AsyncStream<StoreHealth> { self.nodes[0].healthUpdates() }

    func close() async {
        for node in self.nodes { await node.close() }
    }
}
