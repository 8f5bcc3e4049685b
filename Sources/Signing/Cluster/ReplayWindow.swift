package import Primitives

/// Detects replayed statements: each sender numbers its own, and a node remembers which of the last `width` numbers it
/// has received.
///
/// Exact within the window, in constant space; older statements are refused too. The method is that of IPsec.
/// - Source: RFC 4303, 3.4.3 "Sequence Number Verification".
package struct ReplayWindow: Sendable {
    /// How far a statement may be behind its sender's newest: 13 s at 20,000 requests a second.
    package static let width: UInt64 = 1 << 18
    /// Concurrent senders; each costs 32 KiB.
    package static let senderCountMax = 64
    /// After this time all statements of a sender have expired, and it is forgotten.
    static let forgottenMilliseconds =
        (ForwardStatement.lifetimeSeconds + ForwardStatement.clockSkewSecondsMax + 10) * 1000

    private struct Sender {
        var highest: UInt64
        var bits: [UInt64]
        var heard: Timestamp
    }

    private var senders: [UInt64: Sender] = [:]

    package init() {}

    /// Takes a verified statement.
    /// - Throws: `replayed` when it was received before, or is too old to tell; `tooManySenders`.
    package mutating func admit(
        sender: UInt64, sequence: UInt64, now: Timestamp
    ) throws(ForwardError) {
        guard var known = self.senders.removeValue(forKey: sender) else {
            try self.makeRoom(now)
            var bits = [UInt64](repeating: 0, count: Int(Self.width / 64))
            Self.set(sequence, &bits)
            self.senders[sender] = Sender(highest: sequence, bits: bits, heard: now)
            return
        }
        defer { self.senders[sender] = known }
        known.heard = max(known.heard, now)
        guard sequence <= known.highest else {
            Self.clear(after: known.highest, upTo: sequence, &known.bits)
            known.highest = sequence
            Self.set(sequence, &known.bits)
            return
        }
        guard known.highest - sequence < Self.width, !Self.isSet(sequence, known.bits) else { throw .replayed }
        Self.set(sequence, &known.bits)
    }

    private mutating func makeRoom(_ now: Timestamp) throws(ForwardError) {
        guard self.senders.count >= Self.senderCountMax else { return }
        let bound = now.advanced(byMilliseconds: -Self.forgottenMilliseconds)
        self.senders = self.senders.filter { $0.value.heard > bound }
        guard self.senders.count < Self.senderCountMax else { throw .tooManySenders }
    }

    private static func index(_ sequence: UInt64) -> (word: Int, bit: UInt64) {
        let place = sequence % Self.width
        return (Int(place / 64), 1 << (place % 64))
    }

    private static func isSet(_ sequence: UInt64, _ bits: [UInt64]) -> Bool {
        let (word, bit) = Self.index(sequence)
        return bits[word] & bit != 0
    }

    private static func set(_ sequence: UInt64, _ bits: inout [UInt64]) {
        let (word, bit) = Self.index(sequence)
        bits[word] |= bit
    }

    /// Clears the bits of the numbers that enter the window.
    private static func clear(after highest: UInt64, upTo sequence: UInt64, _ bits: inout [UInt64]) {
        guard sequence - highest < Self.width else {
            for word in bits.indices { bits[word] = 0 }
            return
        }
        var number = highest + 1
        while number <= sequence {
            let (word, bit) = Self.index(number)
            bits[word] &= ~bit
            number += 1
        }
    }
}
