/// What somebody meant who typed a word that is none of those that there are.
package enum Misspelling {
    /// So many letters wrong are a slip; more are another word.
    private static let slipsMax = 2

    /// The name that comes nearest to a word, capitals aside; of two that are as near, the first.
    /// - Returns: nil where none is near.
    /// - Complexity: O(letters of all names · letters of the word); a word that is longer than all names costs nothing.
    package static func nearest(to word: String, among names: some Sequence<String>) -> String? {
        let letters = Array(word.lowercased().prefix(self.lettersMax))
        let near = names.lazy.map { (name: $0, slips: self.slips(letters, Array($0.lowercased()))) }
            .min { $0.slips < $1.slips }
        guard let near, near.slips <= self.slipsMax else { return nil }
        return near.name
    }

    /// Names that are typed are shorter.
    private static let lettersMax = 128

    /// How many letters must be put in, taken out, changed, or changed for the next one, to make one word the other.
    private static func slips(_ word: [Character], _ name: [Character]) -> Int {
        guard abs(word.count - name.count) <= self.slipsMax else { return self.slipsMax + 1 }
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
