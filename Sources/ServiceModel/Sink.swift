private import Synchronization

/// Receives the parts of an answer, one after another. A part that need not wait needs no task that wakes up for it.
///
/// ```swift try await send(part)                        // in a task if try !send.take(part) { … }               //
/// anywhere, such as on an event loop; `room` is awaited then ```
package struct Sink<Element>: Sendable {
    /// Takes a part at once. Later parts may be passed too, but should wait if this returns false.
    ///
    /// Not reentrant: `take` and `room` may be called again only after it has returned.
    /// - Returns: whether there is room for the next part. If not, await `room`, even after the last part: what was
    ///   taken may still wait there.
    /// - Throws: when nobody takes parts any more; the producer should then end.
    package let take: @Sendable (_ element: Element) throws -> Bool
    /// Returns when there is room for the next part.
    /// - Throws: as `take`.
    package let room: @Sendable () async throws -> Void

    package init(
        take: @escaping @Sendable (_ element: Element) throws -> Bool, room: @escaping @Sendable () async throws -> Void
    ) {
        self.take = take
        self.room = room
    }

    /// A sink that always has room.
    package init(_ take: @escaping @Sendable (_ element: Element) throws -> Void) {
        self.init(
            take: {
                try take($0)
                return true
            }, room: {})
    }

    /// Takes a part, and returns when there is room for the next.
    package func callAsFunction(_ element: Element) async throws {
        if try !self.take(element) { try await self.room() }
    }

    /// A sink whose parts are converted to parts of this one.
    package func mapped<Other>(
        _ transform: @escaping @Sendable (_ other: Other) throws -> [Element]
    ) -> Sink<Other> {
        let take = self.take
        return Sink<Other>(
            take: { other in
                var hasRoom = true
                for element in try transform(other) { hasRoom = try take(element) && hasRoom }
                return hasRoom
            }, room: self.room)
    }
}

extension Sink where Element: Sendable {
    /// A sink whose processing takes time: it runs when `room` is awaited.
    package static func waiting(_ use: @escaping @Sendable (_ element: Element) async throws -> Void) -> Sink {
        let parts = Parts<Element>()
        return Sink(
            take: { parts.append($0) },
            room: {
                for element in parts.taken() { try await use(element) }
            })
    }
}

/// Parts that were taken and wait for processing.
private final class Parts<Element: Sendable>: Sendable {
    private let waiting = Mutex<[Element]>([])

    /// - Returns: that there is no room for the next.
    func append(_ element: Element) -> Bool {
        self.waiting.withLock { $0.append(element) }
        return false
    }

    func taken() -> [Element] {
        self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
