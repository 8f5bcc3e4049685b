internal import Primitives

/// What AWS says of sets that have no members, or one of them twice.
package enum SetRule {
    /// Nil for a set that can be stored. `members` are their contents, in their order; numbers as DynamoDB writes them.
    package static func refusal(_ type: AttributeType, _ members: [ArraySlice<UInt8>]) -> String? {
        let invalid = "One or more parameter values were invalid: "
        guard !members.isEmpty else {
            return switch type {
            case .ss: invalid + "An string set  may not be empty"
            case .ns: invalid + "An number set  may not be empty"
            default: invalid + "Binary sets should not be empty"
            }
        }
        guard Set(members).count != members.count else { return nil }
        switch type {
        case .ns: return "Input collection contains duplicates"
        case .bs:
            let texts = members.map { Base64.encode($0) }.joined(separator: ", ")
            // AWS leaves out the space.
            return invalid + "Input collection [\(texts)]of type BS contains duplicates."
        default:
            let texts = members.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
            return invalid + "Input collection [\(texts)] contains duplicates."
        }
    }
}
