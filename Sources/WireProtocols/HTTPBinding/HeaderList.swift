package import ServiceModel

/// Comma-separated lists within one header value.
package enum HeaderList {
    /// Splits a value into its elements; a quoted element may contain commas, `\"` and `\\`.
    /// - Returns: nil for an unterminated quotation, or for text after a closing quote.
    package static func split(_ value: String) -> [String]? {
        var elements: [String] = []
        var rest = value.utf8[...]
        while true {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
            if rest.first == UInt8(ascii: "\"") {
                guard let element = self.takeQuoted(&rest) else { return nil }
                elements.append(element)
                rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
                guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
            } else {
                let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
                elements.append(String(Substring(rest[..<end])).trimmed)
                rest = rest[end...]
            }
            guard !rest.isEmpty else { return elements }
            rest = rest.dropFirst()
        }
    }

    private static func takeQuoted(_ rest: inout Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    /// Splits timestamps; an HTTP date itself contains a comma.
    package static func splitTimestamps(_ value: String, as format: TimestampFormat) -> [String]? {
        let parts = value.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard format == .httpDate else { return parts }
        guard parts.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: parts.count, by: 2).map { "\(parts[$0]), \(parts[$0 + 1])" }
    }

    /// Joins elements; an element that contains a comma or a quote, or would lose white space, is quoted.
    package static func join(_ elements: [String], quoting: Bool) -> String {
        guard quoting else { return elements.joined(separator: ", ") }
        return elements.map { element in
            let needsQuotes =
                element.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }
                || element.trimmed != element
            guard needsQuotes else { return element }
            var quoted = "\""
            for character in element.unicodeScalars {
                if character == "\"" || character == "\\" { quoted.unicodeScalars.append("\\") }
                quoted.unicodeScalars.append(character)
            }
            return quoted + "\""
        }.joined(separator: ", ")
    }
}
