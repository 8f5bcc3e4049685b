internal import Primitives

/// A query string split into items, each name and value in AWS's canonical encoding.
struct QueryItems {
    /// One `name=value`, both re-encoded.
    struct Item {
        let name: [UInt8]
        let value: [UInt8]
    }

    let items: [Item]

    /// - Parameter query: the raw query; `+` is a space, empty items are skipped, a missing `=` means an empty value.
    /// - Throws: `malformedURI`
    init(_ query: String) throws(SigningError) {
        guard !query.isEmpty else {
            self.items = []
            return
        }
        var items: [Item] = []
        for part in Array(query.utf8).split(separator: UInt8(ascii: "&")) {
            let equal = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let name = try Self.recoded(part[..<equal])
            let value = equal == part.endIndex ? [] : try Self.recoded(part[(equal + 1)...])
            items.append(Item(name: name, value: value))
        }
        self.items = items
    }

    private static func recoded(_ raw: ArraySlice<UInt8>) throws(SigningError) -> [UInt8] {
        guard let decoded = PercentEncoding.decode(raw, plusIsSpace: true) else { throw .malformedURI }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(raw.count)
        PercentEncoding.append(decoded, to: &encoded)
        return encoded
    }

    /// Finds the only item of a name.
    /// - Parameter name: unreserved characters only.
    /// - Returns: the decoded value; nil when there is no such item.
    /// - Throws: `repeated`, `malformedURI`
    func value(_ name: String) throws(SigningError) -> String? {
        var found: String?
        for item in self.items where item.name.elementsEqual(name.utf8) {
            guard found == nil else { throw .repeated(name) }
            guard let decoded = PercentEncoding.decode(item.value),
                let text = String(validating: decoded, as: UTF8.self)
            else { throw .malformedURI }
            found = text
        }
        return found
    }

    /// Appends the canonical query: sorted by encoded name, then by value, without the signature itself.
    func appendCanonical(to output: inout [UInt8]) {
        let signed = self.items.filter { !$0.name.elementsEqual(QueryParameter.signature.utf8) }
        let sorted = signed.sorted { left, right in
            if left.name != right.name { return left.name.lexicographicallyPrecedes(right.name) }
            return left.value.lexicographicallyPrecedes(right.value)
        }
        for (index, item) in sorted.enumerated() {
            if index > 0 { output.append(UInt8(ascii: "&")) }
            output.append(contentsOf: item.name)
            output.append(UInt8(ascii: "="))
            output.append(contentsOf: item.value)
        }
    }
}

/// The query parameters of a presigned URL.
enum QueryParameter {
    static let algorithm = "X-Amz-Algorithm"
    static let credential = "X-Amz-Credential"
    static let date = "X-Amz-Date"
    static let expires = "X-Amz-Expires"
    static let signedHeaders = "X-Amz-SignedHeaders"
    static let signature = "X-Amz-Signature"
    static let securityToken = "X-Amz-Security-Token"
    static let contentSHA256 = "X-Amz-Content-Sha256"
    static let regionSet = "X-Amz-Region-Set"
}
