internal import ArgumentParser
internal import Primitives

/// What is said of a word that stands where a command must and is none; to ArgumentParser it is an unexpected argument.
enum UnknownCommand {
    /// - Parameters:
    ///   - words: what was typed behind the program's name.
    ///   - root: the program.
    /// - Returns: nil where every word that must be a command is one.
    static func sentence(_ words: [String], of root: any ParsableCommand.Type) -> String? {
        var command = root
        var path = root._commandName
        for word in words {
            let commands = command.configuration.subcommands
            guard !commands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            guard let next = commands.first(where: { $0._commandName == word }) else {
                return self.sentence(word, path, commands)
            }
            command = next
            path += " \(word)"
        }
        return nil
    }

    private static func sentence(_ word: String, _ path: String, _ commands: [any ParsableCommand.Type]) -> String {
        let names = commands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        guard let near = Misspelling.nearest(to: word, among: names) else {
            return "there is no command \(word); `\(path) --help` shows which there are"
        }
        return "there is no command \(word); did you mean `\(path) \(near)`?"
    }
}
