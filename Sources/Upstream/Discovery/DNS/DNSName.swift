/// A domain name: labels in lower case, without the root's empty label.
package struct DNSName: Sendable, Equatable, CustomStringConvertible {
    /// RFC 1035, 2.3.4; counts a length byte for each label and one for the root.
    package static let bytesMax = 255
    static let labelBytesMax = 63

    package let labels: [String]

    package init(labels: [String]) {
        self.labels = labels
    }

    /// - Returns: nil unless the text is a name of a host or service: letters, digits, `-` and `_` in labels of 1 to
    ///   63.
    package init?(_ text: String) {
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count + 2 <= Self.bytesMax,
            labels.allSatisfy({ (1...Self.labelBytesMax).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.isPlain) })
        else { return nil }
        self.labels = labels.map { $0.lowercased() }
    }

    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }

    package var description: String { self.labels.joined(separator: ".") }

    /// The name with a search domain appended; nil when it would be too long.
    func within(_ domain: DNSName) -> DNSName? { DNSName((self.labels + domain.labels).joined(separator: ".")) }
}
