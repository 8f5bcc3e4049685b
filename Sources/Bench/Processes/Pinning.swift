internal import Foundation

/// Which core serves and which one asks. Both servers get the same core, so that their figures can be compared.
struct Pinning {
    /// nil where there is one core only, or the system cannot pin.
    let serverCore: Int?
    let loadCore: Int?

    /// The first two cores this process may use.
    static func choose() -> Pinning {
        let cores = Affinity.current?.cores ?? []
        guard cores.count >= 2 else { return Pinning(serverCore: nil, loadCore: nil) }
        return Pinning(serverCore: cores[1], loadCore: cores[0])
    }

    var description: String {
        guard let serverCore = self.serverCore, let loadCore = self.loadCore else {
            return "not pinned (one core, or a system without affinity)"
        }
        return "servers and store commit on core \(serverCore), load on core \(loadCore), other rows not pinned"
    }

    /// Does something with the calling thread on one core, and lets it go again.
    ///
    /// What is spawned meanwhile inherits the core, with all the threads it will ever start.
    static func onCore<Value>(_ core: Int?, _ body: () throws -> Value) rethrows -> Value {
        guard let core, let before = Affinity.current else { return try body() }
        Affinity(core: core).apply()
        defer { before.apply() }
        return try body()
    }
}
