/// Words of a POSIX shell.
package enum ShellWord {
    /// A text as one word: as it is where no character of it means something to a shell, else in quotation marks.
    package static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || "-._/:+=@,".utf8.contains($0)
        }
        return isPlain && !text.isEmpty ? text : self.quoted(text, writing: ["'": "'\\''"])
    }

    /// A text between apostrophes, with what `escapes` has for a character in its place.
    ///
    /// By scalars, as shells read: to Swift an apostrophe and an accent behind it are one character and no apostrophe.
    static func quoted(_ text: String, writing escapes: [Unicode.Scalar: String]) -> String {
        "'" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "'"
    }
}
