/// A regular expression that is matched in time proportional to the text, whatever the text.
///
/// All threads of the match advance together (Thompson's construction), so no input makes it try the same place twice:
/// a backtracking engine needs 2^n steps for `([0-9]+)+` and eighty digits followed by a letter. It knows the syntax
/// that AWS's models use of Java's: classes, `\d \w \s \p{L}`, groups, alternatives, counts, `^` and `$`. Look-around
/// and back-references cannot be matched this way.
/// - Source: Russ Cox, "Regular Expression Matching Can Be Simple And Fast".
package struct LinearPattern: Sendable {
    /// Larger programs, which only nested counts lead to, are refused.
    package static let instructionCountMax = 20_000

    enum Instruction: Sendable {
        case character(ScalarSet)
        case start
        case end
        case jump(Int)
        /// Continue at both places.
        case split(Int, Int)
        case match
    }

    private let program: [Instruction]

    /// - Returns: nil for unsupported syntax, and for programs of more than `instructionCountMax` instructions.
    package init?(_ pattern: String) {
        var parser = LinearPatternParser(pattern)
        guard let node = parser.parse() else { return nil }
        var compiler = LinearPatternCompiler()
        guard compiler.compile(node) else { return nil }
        self.program = compiler.program + [.match]
    }

    /// Whether the whole text matches.
    /// - Complexity: O(characters × instructions), no recursion.
    package func matchesWhole(_ text: String) -> Bool {
        var current = Threads(self.program.count)
        var next = Threads(self.program.count)
        var isAtStart = true
        self.add(0, isAtStart: true, isAtEnd: text.isEmpty, to: &current)
        var scalars = text.unicodeScalars.makeIterator()
        var scalar = scalars.next()
        while let character = scalar {
            scalar = scalars.next()
            isAtStart = false
            next.removeAll()
            for place in current.places {
                if case .character(let set) = self.program[place], set.contains(character) {
                    self.add(place + 1, isAtStart: isAtStart, isAtEnd: scalar == nil, to: &next)
                }
            }
            swap(&current, &next)
            if current.places.isEmpty { return false }
        }
        return current.contains(self.program.count - 1)
    }

    /// Whether a part of the text matches; the empty part at any place counts.
    /// - Complexity: as `matchesWhole`, but ends with the first match.
    package func matchesPart(of text: String) -> Bool {
        var current = Threads(self.program.count)
        var next = Threads(self.program.count)
        var isAtStart = true
        var scalars = text.unicodeScalars.makeIterator()
        var scalar = scalars.next()
        while true {
            // A match may begin at every place.
            self.add(0, isAtStart: isAtStart, isAtEnd: scalar == nil, to: &current)
            if current.contains(self.program.count - 1) { return true }
            guard let character = scalar else { return false }
            scalar = scalars.next()
            isAtStart = false
            next.removeAll()
            for place in current.places {
                if case .character(let set) = self.program[place], set.contains(character) {
                    self.add(place + 1, isAtStart: false, isAtEnd: scalar == nil, to: &next)
                }
            }
            swap(&current, &next)
        }
    }

    /// Adds a thread, and all places that it reaches without consuming a character.
    private func add(_ place: Int, isAtStart: Bool, isAtEnd: Bool, to threads: inout Threads) {
        switch self.program[place] {
        case .character, .match:
            // Most places lead nowhere else.
            _ = threads.insert(place)
            return
        case .start, .end, .jump, .split: break
        }
        var pending = [place]
        while let place = pending.popLast() {
            guard threads.insert(place) else { continue }
            switch self.program[place] {
            case .jump(let target): pending.append(target)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .start: if isAtStart { pending.append(place + 1) }
            case .end: if isAtEnd { pending.append(place + 1) }
            case .character, .match: break
            }
        }
    }

    /// The places of the program at which the match stands, each once.
    private struct Threads {
        private(set) var places: [Int] = []
        private var generation: UInt32 = 1
        private var seen: [UInt32]

        init(_ count: Int) {
            self.seen = [UInt32](repeating: 0, count: count)
        }

        /// - Returns: whether the place was new.
        mutating func insert(_ place: Int) -> Bool {
            guard self.seen[place] != self.generation else { return false }
            self.seen[place] = self.generation
            self.places.append(place)
            return true
        }

        func contains(_ place: Int) -> Bool { self.seen[place] == self.generation }

        mutating func removeAll() {
            self.places.removeAll(keepingCapacity: true)
            self.generation &+= 1
        }
    }
}

/// What a pattern says, as a tree.
indirect enum LinearPatternNode {
    case empty
    case set(ScalarSet)
    case start
    case end
    case sequence([LinearPatternNode])
    case alternatives([LinearPatternNode])
    /// At least `min` times, at most `max`; nil for any number.
    case repeated(LinearPatternNode, min: Int, max: Int?)
}

/// Lays a tree out as a program.
struct LinearPatternCompiler {
    private(set) var program: [LinearPattern.Instruction] = []

    /// - Returns: false when the program has grown too large.
    mutating func compile(_ node: LinearPatternNode) -> Bool {
        guard self.program.count < LinearPattern.instructionCountMax else { return false }
        switch node {
        case .empty: return true
        case .set(let set): self.program.append(.character(set))
        case .start: self.program.append(.start)
        case .end: self.program.append(.end)
        case .sequence(let parts):
            for part in parts {
                guard self.compile(part) else { return false }
            }
        case .alternatives(let parts): return self.compileAlternatives(parts[...])
        case .repeated(let part, let min, let max): return self.compileRepeated(part, min, max)
        }
        return true
    }

    private mutating func compileAlternatives(_ parts: ArraySlice<LinearPatternNode>) -> Bool {
        var exits: [Int] = []
        for (offset, part) in parts.enumerated() {
            guard offset < parts.count - 1 else {
                guard self.compile(part) else { return false }
                break
            }
            let split = self.program.count
            self.program.append(.jump(0))
            guard self.compile(part) else { return false }
            exits.append(self.program.count)
            self.program.append(.jump(0))
            self.program[split] = .split(split + 1, self.program.count)
        }
        for exit in exits { self.program[exit] = .jump(self.program.count) }
        return true
    }

    private mutating func compileRepeated(_ part: LinearPatternNode, _ min: Int, _ max: Int?) -> Bool {
        for _ in 0..<min {
            guard self.compile(part) else { return false }
        }
        guard let max else {
            let split = self.program.count
            self.program.append(.jump(0))
            guard self.compile(part) else { return false }
            self.program.append(.jump(split))
            self.program[split] = .split(split + 1, self.program.count)
            return true
        }
        var splits: [Int] = []
        for _ in 0..<Swift.max(0, max - min) {
            splits.append(self.program.count)
            self.program.append(.jump(0))
            guard self.compile(part) else { return false }
        }
        for split in splits { self.program[split] = .split(split + 1, self.program.count) }
        return true
    }
}
