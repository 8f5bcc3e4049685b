/// Lists of a request that error messages repeat, truncated so that no message grows with the request.
package enum EchoedList {
    /// The longest list in a message, in bytes; the text that would exceed it is cut, and the rest omitted.
    package static let utf8CountMax = 4096

    /// The texts separated by comma and space, truncated.
    /// - Complexity: O(`utf8CountMax`), however many texts there are.
    package static func text(_ texts: some Sequence<String>) -> String {
        var list = ""
        for text in texts {
            if !list.isEmpty { list += ", " }
            list += self.cut(text)
            guard list.utf8.count < self.utf8CountMax else { return self.cut(list) }
        }
        return list
    }

    /// Truncates a text after a whole code point.
    package static func cut(_ text: String) -> String {
        guard text.utf8.count > self.utf8CountMax else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: self.utf8CountMax)
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { text.utf8.formIndex(before: &end) }
        return String(text[..<end])
    }
}
