import ServiceKit
import Synchronization

/// Objects that a test looks at.
final class MemoryObjects: ObjectPort {
    private struct State {
        var objects: [String: [UInt8]] = [:]
        /// Those that were made, besides those that hold an object.
        var buckets: Set<String> = []
        var failure: ObjectError?
    }

    private let state = Mutex(State())

    private func path(_ location: ObjectLocation) -> String { "\(location.bucket)/\(location.key)" }

    /// What lies under a bucket and a key.
    subscript(path: String) -> [UInt8]? {
        get { self.state.withLock { $0.objects[path] } }
        set { self.state.withLock { $0.objects[path] = newValue } }
    }

    var paths: [String] { self.state.withLock { $0.objects.keys.sorted() } }

    /// Makes each request fail, until it is called with nil.
    func fail(_ failure: ObjectError?) {
        self.state.withLock { $0.failure = failure }
    }

    func makeBucket(_ bucket: String) {
        self.state.withLock { _ = $0.buckets.insert(bucket) }
    }

    func hasBucket(_ bucket: String) async throws(ObjectError) -> Bool {
        try self.failIfTold()
        return self.state.withLock { $0.buckets.contains(bucket) } || self.paths.contains { $0.hasPrefix("\(bucket)/") }
    }

    func size(of location: ObjectLocation) async throws(ObjectError) -> Int {
        try await self.get(location).count
    }

    private func failIfTold() throws(ObjectError) {
        if let failure = self.state.withLock({ $0.failure }) { throw failure }
    }

    func put(_ bytes: [UInt8], at location: ObjectLocation) async throws(ObjectError) {
        try self.failIfTold()
        self[self.path(location)] = bytes
    }

    func get(_ location: ObjectLocation) async throws(ObjectError) -> [UInt8] {
        try self.failIfTold()
        guard let bytes = self[self.path(location)] else { throw .absent }
        return bytes
    }

    func get(_ location: ObjectLocation, from offset: Int, count: Int) async throws(ObjectError) -> [UInt8] {
        Array(try await self.get(location).dropFirst(offset).prefix(count))
    }

    func delete(_ location: ObjectLocation) async throws(ObjectError) {
        try self.failIfTold()
        self[self.path(location)] = nil
    }

    func list(
        bucket: String, prefix: String, startAfter: String, limit: Int
    ) async throws(ObjectError) -> [String] {
        try self.failIfTold()
        let start = "\(bucket)/"
        let keys = self.paths.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
        return Array(keys.filter { $0.hasPrefix(prefix) && startAfter < $0 }.sorted().prefix(limit))
    }
}
