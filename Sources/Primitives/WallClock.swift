#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A point of UTC time in milliseconds since 1970, the resolution of every AWS timestamp.
@usableFromInline
package struct Timestamp: Sendable, Hashable, Comparable {
    @usableFromInline
    package var millisecondsSinceEpoch: Int64

    @inlinable
    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    @inlinable
    package init(secondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = secondsSinceEpoch * 1000
    }

    /// Whole seconds, rounded down.
    @inlinable
    package var secondsSinceEpoch: Int64 {
        self.millisecondsSinceEpoch.flooredQuotient(1000)
    }

    /// The timestamp `milliseconds` later, or earlier when negative.
    @inlinable
    package func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: self.millisecondsSinceEpoch + milliseconds)
    }

    @inlinable
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}

extension Int64 {
    /// Division rounding towards minus infinity.
    @inlinable
    package func flooredQuotient(_ divisor: Int64) -> Int64 {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder != 0 && (remainder < 0) != (divisor < 0) ? quotient - 1 : quotient
    }
}

/// Where the time of day comes from: injected, so that tests own it.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The machine's clock.
package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
