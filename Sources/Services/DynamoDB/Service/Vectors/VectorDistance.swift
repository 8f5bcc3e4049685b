/// The distance or similarity of two vectors of 32-bit floating point numbers, as an index stores them.
/// - Source: DynamoDB API Reference, SearchVectors, "Score interpretation".
enum VectorDistance: String, Sendable, Hashable {
    /// From 0 (same direction) to 2 (opposite directions).
    case cosine = "COSINE"
    case euclidean = "EUCLIDEAN"
    /// Higher means more similar.
    case dotProduct = "DOT_PRODUCT"

    /// The score of two vectors of equal dimension.
    ///
    /// A zero vector, which has no direction, counts as orthogonal to every other one.
    /// - Complexity: O(dimensions), no allocation.
    func score(_ left: [Float], _ right: [Float]) -> Double {
        precondition(left.count == right.count, "vectors of one index have as many dimensions")
        switch self {
        case .dotProduct:
            return Self.dot(left, right)
        case .euclidean:
            var sum = 0.0
            for index in left.indices {
                let difference = Double(left[index]) - Double(right[index])
                sum += difference * difference
            }
            return sum.squareRoot()
        case .cosine:
            let lengths = (Self.dot(left, left) * Self.dot(right, right)).squareRoot()
            guard lengths > 0 else { return 1 }
            return min(2, max(0, 1 - Self.dot(left, right) / lengths))
        }
    }

    /// Whether the first score means more similar.
    func isCloser(_ left: Double, _ right: Double) -> Bool {
        self == .dotProduct ? left > right : left < right
    }

    private static func dot(_ left: [Float], _ right: [Float]) -> Double {
        var sum = 0.0
        for index in left.indices { sum += Double(left[index]) * Double(right[index]) }
        return sum
    }
}
