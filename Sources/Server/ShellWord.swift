/// Quoting for POSIX shells.
package enum ShellWord {
    /// A text as one shell word: unchanged if no character has a meaning to a shell, else quoted.
    package static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || "-._/:+=@,".utf8.contains($0)
        }
        return isPlain && !text.isEmpty ? text : self.quoted(text, writing: ["'": "'\\''"])
    }

    /// A text in single quotes, with the characters of `escapes` replaced.
    ///
    /// By Unicode scalars, as shells read: to Swift, a quote followed by a combining accent is one character other than
    /// a quote.
    static func quoted(_ text: String, writing escapes: [Unicode.Scalar: String]) -> String {
        "'" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "'"
    }
}
