internal import ServiceModel

// As AWS prints a map in a violation: names, with only the class and a hash of each value.
// - Source: answers of BatchWriteItem with 26 requests, recorded in public conformance tests of DynamoDB.

extension AttributeMap {
    package var violationText: String {
        var text = "{"
        for entry in self.attributes {
            if text.utf8.count > 1 { text += ", " }
            // A code point has at most four bytes; if the cut splits one, it is beyond the displayed part.
            text += String(decoding: entry.name.prefix(ValueText.charactersMax * 4), as: UTF8.self)
            text += "=" + entry.value.violationText
            guard text.utf8.count < ValueText.charactersMax * 4 else { break }
        }
        return text + "}"
    }
}

extension BoundAttributeValue {
    package var violationText: String {
        self.holder.value(Self.name)?.violationText ?? "null"
    }
}

extension StoredValue {
    /// Bytes that are hashed: the hash cannot be compared with Java's anyway, so the beginning suffices.
    private static let hashedBytesMax = 4096

    /// `Object.toString` of AWS's class; the hash (FNV-1a) depends on the value only, so a request always gets the same
    /// answer.
    fileprivate var violationText: String {
        let hash = self.stored.prefix(Self.hashedBytesMax).reduce(0x811C_9DC5 as UInt32) {
            ($0 ^ UInt32($1)) &* 0x0100_0193
        }
        return "com.amazonaws.dynamodb.v20120810.AttributeValue@" + String(hash, radix: 16)
    }
}
