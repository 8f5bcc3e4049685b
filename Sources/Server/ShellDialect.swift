/// How a shell sets and unsets environment variables.
package enum ShellDialect: String, Sendable, CaseIterable {
    case bash, zsh, fish, powershell

    /// The command that sets a variable.
    package func export(_ name: String, _ value: String) -> String {
        switch self {
        case .bash, .zsh: "export \(name)=\(ShellWord.quoted(value))"
        case .fish: "set -gx \(name) \(Self.fishWord(value))"
        case .powershell: "$env:\(name) = \(Self.powerShellWord(value))"
        }
    }

    /// The command that unsets a variable; must also work if it is not set.
    package func unset(_ name: String) -> String {
        switch self {
        case .bash, .zsh: "unset \(name)"
        case .fish: "set -e \(name)"
        case .powershell: "Remove-Item -ErrorAction Ignore Env:\(name)"
        }
    }

    /// Within single quotes fish has two escapes: for the single quote and for the backslash.
    private static func fishWord(_ text: String) -> String {
        ShellWord.quoted(text, writing: ["\\": "\\\\", "'": "\\'"])
    }

    /// PowerShell accepts typographic quotes as single quotes too; within single quotes each must be doubled.
    private static func powerShellWord(_ text: String) -> String {
        let apostrophes = "'\u{2018}\u{2019}\u{201A}\u{201B}".unicodeScalars
        return ShellWord.quoted(
            text, writing: Dictionary(uniqueKeysWithValues: apostrophes.map { ($0, "\($0)\($0)") }))
    }
}
