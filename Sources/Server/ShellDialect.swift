/// How a shell is told to set and to take away variables of the environment.
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

    /// The command that takes a variable away, which may not be there.
    package func unset(_ name: String) -> String {
        switch self {
        case .bash, .zsh: "unset \(name)"
        case .fish: "set -e \(name)"
        case .powershell: "Remove-Item -ErrorAction Ignore Env:\(name)"
        }
    }

    /// Between apostrophes fish knows two escapes, of the apostrophe and of itself.
    private static func fishWord(_ text: String) -> String {
        ShellWord.quoted(text, writing: ["\\": "\\\\", "'": "\\'"])
    }

    /// PowerShell takes typographic apostrophes for its own; between them each is doubled.
    private static func powerShellWord(_ text: String) -> String {
        let apostrophes = "'\u{2018}\u{2019}\u{201A}\u{201B}".unicodeScalars
        return ShellWord.quoted(
            text, writing: Dictionary(uniqueKeysWithValues: apostrophes.map { ($0, "\($0)\($0)") }))
    }
}
