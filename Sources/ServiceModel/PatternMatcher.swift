internal import Primitives
internal import Synchronization

/// Matches whole values against the models' regular expressions, each of which is compiled once.
///
/// Most of them are one repeated character class (`[a-zA-Z0-9_.-]+`), which is matched by hand. The others take time
/// linear in the value, because requests choose the values.
enum PatternMatcher {
    /// Further patterns are compiled in each call; the models have a few hundred.
    private static let cacheCountMax = 4096

    private enum Compiled {
        case characterClass(CharacterClass)
        case pattern(LinearPattern)
        /// The syntax is not supported: AWS's own check is not repeated, and every value passes.
        case unknown
    }

    private static let cache = Mutex<[String: Compiled]>([:])

    static func matches(_ value: String, _ pattern: String) -> Bool {
        let known = self.cache.withLock { $0[pattern] }
        switch known ?? self.compile(pattern) {
        case .characterClass(let characters): return characters.matches(value)
        case .pattern(let pattern): return pattern.matchesWhole(value)
        case .unknown: return true
        }
    }

    private static func compile(_ pattern: String) -> Compiled {
        let compiled =
            CharacterClass(pattern).map(Compiled.characterClass)
            ?? LinearPattern(pattern).map(Compiled.pattern) ?? .unknown
        self.cache.withLock { cache in
            if cache.count < self.cacheCountMax { cache[pattern] = compiled }
        }
        return compiled
    }
}

/// `[...]+` or `[...]*` over ASCII, anchors allowed.
struct CharacterClass: Sendable, Equatable {
    private var members = [Bool](repeating: false, count: 128)
    private var allowsEmpty = false

    /// - Returns: nil when the pattern is anything else.
    init?(_ pattern: String) {
        var rest = Substring(pattern)
        if rest.hasPrefix("^") { rest = rest.dropFirst() }
        if rest.hasSuffix("$") { rest = rest.dropLast() }
        guard rest.hasPrefix("["), rest.hasSuffix("]+") || rest.hasSuffix("]*"), !rest.hasPrefix("[^") else {
            return nil
        }
        self.allowsEmpty = rest.hasSuffix("*")
        let inner = Array(rest.dropFirst().dropLast(2).utf8)
        var index = 0
        while index < inner.count {
            let byte = inner[index]
            guard byte < 128, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "["), byte != UInt8(ascii: "]"),
                byte != UInt8(ascii: "&")
            else { return nil }
            if index + 2 < inner.count, inner[index + 1] == UInt8(ascii: "-") {
                let last = inner[index + 2]
                guard last < 128, last >= byte else { return nil }
                for member in byte...last { self.members[Int(member)] = true }
                index += 3
            } else {
                self.members[Int(byte)] = true
                index += 1
            }
        }
    }

    func matches(_ value: String) -> Bool {
        if value.isEmpty { return self.allowsEmpty }
        return value.utf8.allSatisfy { $0 < 128 && self.members[Int($0)] }
    }
}
