package import KeyValue
package import Primitives

/// A store that a conformance rule is run against, with what the rule may do to it.
package struct StoreUnderTest: Sendable {
    package let store: any OrderedStore
    /// The store's clock.
    package let clock: ManualClock
    /// Stands between the store and its disk; nil for an engine whose commits are durable at once.
    package let disk: (any DiskControl)?
    /// Ends the store without letting it finish anything, as `kill -9` would, and opens it again; nil for an engine
    /// that keeps nothing.
    package let reopen: (@Sendable () async throws -> any OrderedStore)?

    package init(
        store: any OrderedStore,
        clock: ManualClock,
        disk: (any DiskControl)? = nil,
        reopen: (@Sendable () async throws -> any OrderedStore)? = nil
    ) {
        self.store = store
        self.clock = clock
        self.disk = disk
        self.reopen = reopen
    }
}

/// Lets a rule decide when commits become durable, and whether.
package protocol DiskControl: Sendable {
    /// From now on nothing becomes durable.
    func hold()
    /// What was held goes on.
    func release()
    /// The next write fails for lack of space, before anything of it was written, and so does every later one.
    func fill()
    /// There is space again; the store notices by itself.
    func makeRoom()
    /// How often `release` was called.
    var releaseCount: Int { get }
}

/// One promise of `OrderedStore`, as a test that any engine can be put to.
package struct ConformanceRule: Sendable, CustomStringConvertible {
    /// What an engine must offer for the rule to mean something.
    package enum Need: Sendable {
        case nothing
        case diskControl
        case reopening
    }

    /// The promise, as a sentence.
    package let description: String
    package let need: Need
    package let check: @Sendable (StoreUnderTest) async throws -> Void

    init(
        _ description: String, needs need: Need = .nothing,
        _ check: @escaping @Sendable (StoreUnderTest) async throws -> Void
    ) {
        self.description = description
        self.need = need
        self.check = check
    }
}

/// The rules that every engine obeys.
package enum Conformance {
    /// All rules.
    package static let rules: [ConformanceRule] =
        OrderRules.all + CommitRules.all + IsolationRules.all + OverlayRules.all + TokenRules.all + ChangeLogRules.all
        + RangeRules.all + LifecycleRules.all

    /// Those that mean something for an engine without disk and without a past.
    package static let rulesInMemory: [ConformanceRule] = Self.rules.filter { rule in
        if case .nothing = rule.need { true } else { false }
    }
}

/// A rule was broken.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ sentence: String, _ line: UInt, _ file: StaticString) {
        self.description = "\(file):\(line): \(sentence)"
    }
}

/// - Throws: `ConformanceFailure` unless `condition` holds.
func require(
    _ condition: Bool, _ sentence: @autoclosure () -> String, line: UInt = #line, file: StaticString = #fileID
) throws {
    guard condition else { throw ConformanceFailure(sentence(), line, file) }
}

/// - Throws: `ConformanceFailure` unless both are equal.
func requireEqual<Value: Equatable>(
    _ found: Value, _ expected: Value, _ subject: @autoclosure () -> String, line: UInt = #line,
    file: StaticString = #fileID
) throws {
    try require(found == expected, "\(subject()): found \(found), expected \(expected)", line: line, file: file)
}

/// - Throws: `ConformanceFailure` unless `body` throws `error`.
func requireThrows(
    _ error: StorageError, line: UInt = #line, file: StaticString = #fileID, _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let thrown as StorageError {
        return try requireEqual(thrown, error, "the error", line: line, file: file)
    }
    throw ConformanceFailure("expected \(error), nothing was thrown", line, file)
}

/// Waits until `condition` holds, letting other tasks run.
func eventually(
    _ subject: String, line: UInt = #line, file: StaticString = #fileID, _ condition: () async throws -> Bool
) async throws {
    for _ in 0..<10_000_000 {
        if try await condition() { return }
        await Task.yield()
    }
    throw ConformanceFailure("never happened: \(subject)", line, file)
}

extension OrderedStore {
    /// The value of one key as durable.
    func value(_ key: [UInt8]) async throws(StorageError) -> [UInt8]? {
        try await self.get([key], .forAnswer)[0]?.value
    }

    /// The keys of a whole range.
    func keys(in range: KeyRange = .all, reverse: Bool = false) async throws(StorageError) -> [[UInt8]] {
        try await self.scan(range, limit: .max, byteLimit: .max, reverse: reverse).entries.map(\.key)
    }

    @discardableResult
    func put(_ key: [UInt8], _ value: [UInt8]) async throws(StorageError) -> CommitReceipt {
        try await self.commit(Batch(writes: [.set(key, value)]))
    }
}
