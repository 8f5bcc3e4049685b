internal import ServiceModel

// As AWS prints them in a violation: names, but of each value only its class and a hash.
// - Source: answers of BatchWriteItem with 26 requests, recorded in public conformance tests of DynamoDB.

extension AttributeMap {
    package var violationText: String {
        var text = "{"
        for entry in self.attributes {
            if text.utf8.count > 1 { text += ", " }
            // Four bytes are one code point at most; what is cut in its midst lies beyond what is shown.
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
    /// Bytes that the hash is made of; nobody can compare it with Java's, so the beginning is enough.
    private static let hashedBytesMax = 4096

    /// `Object.toString` of AWS's class; the hash (FNV-1a) is that of the value, so that one request has one answer.
    fileprivate var violationText: String {
        let hash = self.stored.prefix(Self.hashedBytesMax).reduce(0x811C_9DC5 as UInt32) {
            ($0 ^ UInt32($1)) &* 0x0100_0193
        }
        return "com.amazonaws.dynamodb.v20120810.AttributeValue@" + String(hash, radix: 16)
    }
}
