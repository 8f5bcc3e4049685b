internal import ServiceModel

extension Document {
    /// More tokens than any answer has; what a server counts beyond them it has not counted.
    private static let tokenCountMax = 1 << 32

    /// A number of tokens as a server tells it; nil for what is none, so that no sum of such numbers overflows.
    var tokenCount: Int? { self.integer.flatMap { (0...Self.tokenCountMax).contains($0) ? $0 : nil } }
}
