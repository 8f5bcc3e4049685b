/// Suggests the known word that somebody most likely meant.
package enum Misspelling {
    /// The edit distance up to which a word counts as misspelt; beyond it, it is another word.
    private static let slipsMax = 2

    /// The name nearest to a word, ignoring case. Of those at the same distance it is the one that begins like the word
    /// for longer, since the first letters are rarely wrong; otherwise the first.
    /// - Returns: nil when no name is within the edit distance.
    /// - Complexity: O(letters of all names × letters of the word); a word that is longer than all names costs nothing.
    package static func nearest(to word: String, among names: some Sequence<String>) -> String? {
        let letters = Array(word.lowercased().prefix(self.lettersMax))
        let near = names.lazy.map { name in
            let known = Array(name.lowercased())
            let alike = zip(letters, known).prefix { $0 == $1 }.count
            return (name: name, slips: self.editDistance(letters, known), alike: alike)
        }
        .min { ($0.slips, $1.alike) < ($1.slips, $0.alike) }
        guard let near, near.slips <= self.slipsMax else { return nil }
        return near.name
    }

    /// No name that is typed is longer.
    private static let lettersMax = 128

    /// The edit distance: insertions, deletions, substitutions and swaps of neighbours (Damerau-Levenshtein, optimal
    /// string alignment).
    private static func editDistance(_ word: [Character], _ name: [Character]) -> Int {
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
