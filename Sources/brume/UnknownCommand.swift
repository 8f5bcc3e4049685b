internal import ArgumentParser
internal import Primitives
internal import Server

/// The message for a word that is not a command where one is expected, and for options before their command.
/// ArgumentParser treats both only as unexpected arguments.
enum UnknownCommand {
    /// - Parameters:
    ///   - words: the arguments of the program.
    ///   - root: the program.
    /// - Returns: nil when every word in the place of a command is one.
    static func sentence(_ words: [String], of root: any ParsableCommand.Type) -> String? {
        if let sentence = self.remedy(forOptions: words) { return sentence }
        var command = root
        var path = root._commandName
        for (index, word) in words.enumerated() {
            let commands = command.configuration.subcommands
            guard !commands.isEmpty else { return nil }
            // The argument of `help` must be a command too; the parser would list all of them instead.
            if index == 0, word == "help" {
                path += " help"
                continue
            }
            // The parser knows `help` only as the first word.
            if word == "help", index > 0, words[0] != "help" {
                let name = root._commandName
                let rest = words[..<index] + words[(index + 1)...]
                return "help comes first: `\(name) help \(rest.joined(separator: " "))`"
            }
            guard word != "help" else { return nil }
            if word.hasPrefix("-") {
                // Whatever the parser accepts is right, such as options of a default command.
                guard (try? root.parseAsRoot(words)) == nil else { return nil }
                return self.sentence(behind: words[index...], path, commands)
            }
            guard let next = commands.first(where: { $0._commandName == word }) else {
                return self.sentence(word, path, commands, listing: words[0] == "help" ? path : "\(path) --help")
            }
            command = next
            path += " \(word)"
        }
        return nil
    }

    private static func sentence(
        _ word: String, _ path: String, _ commands: [any ParsableCommand.Type], listing: String
    ) -> String {
        if let sentence = self.remedy(forCommand: word, behind: path) { return sentence }
        guard let near = Misspelling.nearest(to: word, among: self.names(commands)) else {
            return "there is no command \(word); `\(listing)` lists the commands"
        }
        return "there is no command \(word); did you mean `\(path) \(near)`?"
    }

    /// For words that begin with an option. Its value cannot be told from a command, so it is considered last.
    private static func sentence(
        behind words: ArraySlice<String>, _ path: String, _ commands: [any ParsableCommand.Type]
    ) -> String? {
        let words = words.prefix { $0 != "--" }
        guard let option = words.first?.split(separator: "=").first, !self.parsersOwn.contains(String(option)) else {
            return nil
        }
        let names = self.names(commands)
        let plain = words.indices.filter { !words[$0].hasPrefix("-") }
        if let name = plain.lazy.map({ words[$0] }).first(where: names.contains) {
            return "options come after the command: `\(path) \(name) \(option) …`"
        }
        let mayBeValue = { (index: Int) in words[index - 1].hasPrefix("-") && !words[index - 1].contains("=") }
        for index in plain.filter({ !mayBeValue($0) }) + plain.filter(mayBeValue) {
            guard let near = Misspelling.nearest(to: words[index], among: names) else { continue }
            return "there is no command \(words[index]); did you mean `\(path) \(near) \(option) …`?"
        }
        // What follows the name of another server's image are often options alone.
        guard !path.contains(" "), Setting.all.contains(where: { "--\($0.name)" == option }) else { return nil }
        return "options come after the command: `\(path) start \(option) …`"
    }

    /// ArgumentParser's own options, for which it has its own errors.
    private static let parsersOwn: Set = [
        "--version", "--generate-completion-script", "--experimental-dump-help", "---completion",
    ]

    private static func names(_ commands: [any ParsableCommand.Type]) -> [String] {
        commands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
    }
}
