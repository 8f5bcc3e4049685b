/// How alike two vectors are, in the 32-bit floating point numbers that an index holds.
/// - Source: DynamoDB API Reference, SearchVectors, "Score interpretation".
enum VectorDistance: String, Sendable, Hashable {
    /// From 0, the same direction, to 2, the opposite one.
    case cosine = "COSINE"
    case euclidean = "EUCLIDEAN"
    /// The larger, the more alike.
    case dotProduct = "DOT_PRODUCT"

    /// The score of two vectors with as many dimensions.
    ///
    /// A vector without a direction, all zeros, is as far from every other one as a right angle is.
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

    /// Whether the first score is of a vector that is more alike.
    func isCloser(_ left: Double, _ right: Double) -> Bool {
        self == .dotProduct ? left > right : left < right
    }

    private static func dot(_ left: [Float], _ right: [Float]) -> Double {
        var sum = 0.0
        for index in left.indices { sum += Double(left[index]) * Double(right[index]) }
        return sum
    }
}
