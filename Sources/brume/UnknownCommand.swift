internal import ArgumentParser

/// What is said of a word that stands where a command must and is none; to ArgumentParser it is an unexpected argument.
enum UnknownCommand {
    /// So many letters wrong are a slip; more are another word.
    private static let slipsMax = 2

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
        let names = commands.filter(\.configuration.shouldDisplay).map(\._commandName)
        let near = names.map { (name: $0, slips: self.slips(Array(word), Array($0))) }.min { $0.slips < $1.slips }
        guard let near, near.slips <= self.slipsMax else {
            return "there is no command \(word); `\(path) --help` shows which there are"
        }
        return "there is no command \(word); did you mean `\(path) \(near.name)`?"
    }

    /// How many letters must be put in, taken out, changed, or changed for the next one, to make one word the other.
    /// - Complexity: O(letters of one · letters of the other).
    private static func slips(_ word: [Character], _ name: [Character]) -> Int {
        guard word.count <= name.count + self.slipsMax else { return word.count }
        var beforeLast: [Int] = []
        var last = Array(0...name.count)
        for row in word.indices {
            var line = [row + 1]
            for column in name.indices {
                let isSame = word[row] == name[column]
                var least = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, word[row] == name[column - 1], word[row - 1] == name[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                line.append(least)
            }
            (beforeLast, last) = (last, line)
        }
        return last[name.count]
    }
}
