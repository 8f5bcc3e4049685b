/// Matching of `Content-Type` and `Accept`.
package enum MediaType {
    /// The type without parameters, in lower case.
    package static func essence(_ text: String) -> String {
        let end = text.firstIndex(of: ";") ?? text.endIndex
        return String(text[..<end]).trimmed.lowercased()
    }

    /// Whether an `Accept` header allows the type; parameters such as `q` are ignored.
    static func accepts(_ header: String, _ type: String) -> Bool {
        let wanted = self.essence(type)
        let major = wanted.prefix { $0 != "/" }
        return header.split(separator: ",").contains { range in
            let range = self.essence(String(range))
            return range == "*/*" || range == wanted || range == "\(major)/*"
        }
    }
}

extension String {
    /// The text without spaces and tabs at both ends.
    var trimmed: String {
        var text = self[...].utf8
        while let first = text.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return String(Substring(text))
    }
}
