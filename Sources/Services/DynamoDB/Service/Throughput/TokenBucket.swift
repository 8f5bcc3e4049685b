internal import Primitives

/// The units that a table or an index may consume now.
///
/// It fills by `rate` units a second up to what five minutes give, so that a quiet time is good for a burst. A request
/// is let in while there is anything left: it takes one unit then, and the rest of what it turns out to need when that
/// is known. So the bucket can be overdrawn, and the next requests wait until that is made up for.
/// - Source: DynamoDB Developer Guide, "Burst and adaptive capacity": "up to 5 minutes (300 seconds) of unused
///   capacity".
struct TokenBucket {
    static let burstSeconds = 300
    /// Requests at the same time may bring their moments in another order. Only by more is the clock taken to have been
    /// set back.
    static let disorderMilliseconds: Int64 = 1000

    private var units: Double
    private var rate: Int
    private var time: Timestamp

    /// A full bucket: a new table has its burst capacity.
    init(rate: Int, now: Timestamp) {
        self.units = Self.capacity(rate)
        self.rate = rate
        self.time = now
    }

    private static func capacity(_ rate: Int) -> Double {
        Double(rate) * Double(self.burstSeconds)
    }

    /// Adds what has accrued since the last call. A clock that is set back adds nothing, and is followed: the bucket
    /// would else stay as it is until the clock has caught up.
    ///
    /// After a change of the rate the present content stays, up to the new capacity.
    mutating func refill(rate: Int, now: Timestamp) {
        let elapsed = now.millisecondsSinceEpoch - self.time.millisecondsSinceEpoch
        self.units = min(Self.capacity(rate), self.units + Double(max(0, elapsed)) / 1000 * Double(self.rate))
        self.rate = rate
        if elapsed > 0 || elapsed < -Self.disorderMilliseconds { self.time = now }
    }

    /// - Returns: false when the bucket is empty.
    mutating func admit() -> Bool {
        guard self.units > 0 else { return false }
        self.units -= 1
        return true
    }

    /// Takes the total cost of an admitted request.
    mutating func settle(_ units: Double) {
        self.units -= units - 1
    }
}
