internal import ArgumentParser
internal import Primitives

/// What is said of a word that stands where a command must and is none, and of options that stand before their command;
/// to ArgumentParser both are arguments that it does not expect.
enum UnknownCommand {
    /// - Parameters:
    ///   - words: what was typed behind the program's name.
    ///   - root: the program.
    /// - Returns: nil where every word that must be a command is one.
    static func sentence(_ words: [String], of root: any ParsableCommand.Type) -> String? {
        if let sentence = self.remedy(forOptions: words) { return sentence }
        var command = root
        var path = root._commandName
        for (index, word) in words.enumerated() {
            let commands = command.configuration.subcommands
            guard !commands.isEmpty else { return nil }
            // What it is asked about must be a command, too: the parser would tell of all of them instead.
            if index == 0, word == "help" {
                path += " help"
                continue
            }
            guard word != "help" else { return nil }
            if word.hasPrefix("-") {
                // What the parser understands, such as options of a command that needs not be said, is right.
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
            return "there is no command \(word); `\(listing)` shows which there are"
        }
        return "there is no command \(word); did you mean `\(path) \(near)`?"
    }

    /// Of words that begin with an option; its value, which is not known from a command, is taken for one last.
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
            return "options stand behind their command: `\(path) \(name) \(option) …`"
        }
        let mayBeValue = { (index: Int) in words[index - 1].hasPrefix("-") && !words[index - 1].contains("=") }
        for index in plain.filter({ !mayBeValue($0) }) + plain.filter(mayBeValue) {
            guard let near = Misspelling.nearest(to: words[index], among: names) else { continue }
            return "there is no command \(words[index]); did you mean `\(path) \(near) \(option) …`?"
        }
        return nil
    }

    /// Options of ArgumentParser's that it answers with an error of its own kind.
    private static let parsersOwn: Set = [
        "--version", "--generate-completion-script", "--experimental-dump-help", "---completion",
    ]

    private static func names(_ commands: [any ParsableCommand.Type]) -> [String] {
        commands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
    }
}
