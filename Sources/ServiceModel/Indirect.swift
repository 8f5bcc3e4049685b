/// A value behind a reference, for recursive shapes.
package struct Indirect<Value: Sendable>: Sendable {
    private let storage: [Value]

    package init(_ value: Value) {
        self.storage = [value]
    }

    package var value: Value { self.storage[0] }
}
