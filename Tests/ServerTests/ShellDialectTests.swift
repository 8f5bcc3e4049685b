import Server
import Testing

@Suite struct ShellDialectTests {
    @Test(arguments: [
        (ShellDialect.bash, "export A=/plain/path"), (.zsh, "export A=/plain/path"),
        (.fish, "set -gx A '/plain/path'"), (.powershell, "$env:A = '/plain/path'"),
    ])
    func `each shell sets a variable in its own words`(_ shell: ShellDialect, _ command: String) {
        #expect(shell.export("A", "/plain/path") == command)
    }

    @Test(arguments: [
        (ShellDialect.bash, #"export A='it'\''s a \ $x'"#), (.zsh, #"export A='it'\''s a \ $x'"#),
        (.fish, #"set -gx A 'it\'s a \\ $x'"#), (.powershell, #"$env:A = 'it''s a \ $x'"#),
    ])
    func `what means something to a shell is kept from it`(_ shell: ShellDialect, _ command: String) {
        #expect(shell.export("A", #"it's a \ $x"#) == command)
    }

    @Test func `PowerShell's other apostrophes end no word`() {
        let command = ShellDialect.powershell.export("A", "\u{2018}\u{2019}")
        #expect(command == "$env:A = '\u{2018}\u{2018}\u{2019}\u{2019}'")
    }

    @Test(arguments: [
        (ShellDialect.bash, "export A='x'\\''\u{301}; y'"), (.fish, "set -gx A 'x\\'\u{301}; y'"),
        (.powershell, "$env:A = 'x''\u{301}; y'"),
    ])
    func `an apostrophe with an accent behind it ends no word`(_ shell: ShellDialect, _ command: String) {
        // Compared by bytes: texts are the same to Swift where they look alike.
        #expect(Array(shell.export("A", "x'\u{301}; y").utf8) == Array(command.utf8))
    }

    @Test(arguments: [
        (ShellDialect.bash, "unset A"), (.zsh, "unset A"), (.fish, "set -e A"),
        (.powershell, "Remove-Item -ErrorAction Ignore Env:A"),
    ])
    func `each shell takes a variable away`(_ shell: ShellDialect, _ command: String) {
        #expect(shell.unset("A") == command)
    }
}
