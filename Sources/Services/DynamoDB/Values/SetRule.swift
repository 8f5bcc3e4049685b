internal import Primitives

/// AWS's messages for sets that are empty or have duplicates.
package enum SetRule {
    /// Nil for a valid set. `members` are their contents, in order; numbers in canonical form.
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
            let texts = EchoedList.text(members.lazy.map { Base64.encode($0.prefix(EchoedList.utf8CountMax)) })
            // The missing space is AWS's.
            return invalid + "Input collection [\(texts)]of type BS contains duplicates."
        default:
            let texts = EchoedList.text(
                members.lazy.map { String(decoding: $0.prefix(EchoedList.utf8CountMax), as: UTF8.self) }
            )
            return invalid + "Input collection [\(texts)] contains duplicates."
        }
    }
}

extension StoredItemBuilder {
    /// Compares the elements themselves, after two of them had equal hashes.
    mutating func checkRepetition(_ type: AttributeType, _ place: Place) {
        let start = place.offset + place.headerBytes
        var elements: [ArraySlice<UInt8>] = []
        elements.reserveCapacity(Int(place.count))
        var offset = start
        while offset < self.bytes.count, let length = StoredBytes.length(self.bytes, at: offset, self.bytes.count) {
            elements.append(self.bytes[(offset + 4)..<(offset + 4 + length)])
            offset += 4 + length
        }
        if let refusal = SetRule.refusal(type, elements) { self.fail(refusal) }
    }
}
