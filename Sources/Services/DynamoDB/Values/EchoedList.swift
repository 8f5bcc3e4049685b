/// What a request listed, as a message repeats it: no message grows as long as the request.
package enum EchoedList {
    /// Bytes of a list in a message; the text that would pass it is cut, and what comes after left out.
    package static let utf8CountMax = 4096

    /// The texts with a comma and a space between them, cut.
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

    /// One text, cut behind a whole code point.
    package static func cut(_ text: String) -> String {
        guard text.utf8.count > self.utf8CountMax else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: self.utf8CountMax)
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { text.utf8.formIndex(before: &end) }
        return String(text[..<end])
    }
}
