internal import Primitives

/// Exponential backoff with jitter: the bound of the pause doubles with each attempt, and the pause is random between
/// half of the bound and the bound, so that nodes which failed together do not come back together.
struct Backoff {
    private let random: any RandomSource
    private let millisecondsMax: UInt64
    private var milliseconds: UInt64

    init(first: UInt64, atMost millisecondsMax: UInt64, random: any RandomSource) {
        precondition(first >= 2 && first <= millisecondsMax, "a pause is at least two milliseconds")
        self.milliseconds = first
        self.millisecondsMax = millisecondsMax
        self.random = random
    }

    /// The next pause, in milliseconds.
    mutating func next() -> Int {
        let half = self.milliseconds / 2
        let pause = half + self.random.next() % (half + 1)
        self.milliseconds = min(self.milliseconds * 2, self.millisecondsMax)
        return Int(pause)
    }
}
