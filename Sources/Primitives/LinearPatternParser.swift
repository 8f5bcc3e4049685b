/// Reads the syntax of a `LinearPattern`.
struct LinearPatternParser {
    /// Nesting depth of groups; the models' patterns have at most a handful.
    private static let depthMax = 64
    /// Largest number in a count.
    private static let countMax = 100_000

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var ignoresCase = false

    init(_ pattern: String) {
        self.scalars = Array(pattern.unicodeScalars)
    }

    /// - Returns: nil for syntax that is wrong or not known.
    mutating func parse() -> LinearPatternNode? {
        if self.skip("(?i)") { self.ignoresCase = true }
        guard let node = self.alternatives(), self.position == self.scalars.count else { return nil }
        return node
    }

    private var current: Unicode.Scalar? {
        self.position < self.scalars.count ? self.scalars[self.position] : nil
    }

    private mutating func skip(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard self.scalars.count - self.position >= wanted.count,
            self.scalars[self.position..<self.position + wanted.count].elementsEqual(wanted)
        else { return false }
        self.position += wanted.count
        return true
    }

    private mutating func alternatives() -> LinearPatternNode? {
        var parts: [LinearPatternNode] = []
        repeat {
            guard let part = self.sequence() else { return nil }
            parts.append(part)
        } while self.skip("|")
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() -> LinearPatternNode? {
        var parts: [LinearPatternNode] = []
        while let scalar = self.current, scalar != "|", scalar != ")" {
            guard let atom = self.atom(), let part = self.quantified(atom) else { return nil }
            parts.append(part)
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() -> LinearPatternNode? {
        guard let scalar = self.current else { return nil }
        self.position += 1
        switch scalar {
        case "(": return self.group()
        case "[": return self.bracket().map { .set($0) }
        case ".": return .set(.dot)
        case "^": return .start
        case "$": return .end
        case "\\": return self.escape().map { .set(self.folded($0)) }
        case "*", "+", "?", "{": return nil
        default: return .set(self.folded(ScalarSet([scalar.value...scalar.value])))
        }
    }

    private func folded(_ set: ScalarSet) -> ScalarSet {
        self.ignoresCase ? set.caseInsensitive : set
    }

    private mutating func group() -> LinearPatternNode? {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.depthMax else { return nil }
        // `(?:` groups; `(?=`, `(?!`, `(?<` look around.
        if self.current == "?", !self.skip("?:") { return nil }
        guard let node = self.alternatives(), self.skip(")") else { return nil }
        return node
    }

    private mutating func quantified(_ atom: LinearPatternNode) -> LinearPatternNode? {
        var min = 0
        var max: Int?
        switch self.current {
        case "*": self.position += 1
        case "+":
            self.position += 1
            min = 1
        case "?":
            self.position += 1
            max = 1
        case "{":
            self.position += 1
            guard let count = self.count() else { return nil }
            (min, max) = count
        default: return atom
        }
        // Laziness does not change whether the whole text matches; a possessive `+` would, and is not supported.
        _ = self.skip("?")
        guard self.current != "+", self.current != "*", self.current != "{" else { return nil }
        return .repeated(atom, min: min, max: max)
    }

    private mutating func count() -> (Int, Int?)? {
        guard let min = self.number() else { return nil }
        if self.skip("}") { return (min, min) }
        guard self.skip(",") else { return nil }
        if self.skip("}") { return (min, nil) }
        guard let max = self.number(), self.skip("}"), max >= min else { return nil }
        return (min, max)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = self.current, scalar.value &- 0x30 < 10 {
            self.position += 1
            let next = (value ?? 0) * 10 + Int(scalar.value - 0x30)
            guard next <= Self.countMax else { return nil }
            value = next
        }
        return value
    }

    /// What stands behind a backslash.
    private mutating func escape() -> ScalarSet? {
        guard let scalar = self.current else { return nil }
        self.position += 1
        switch scalar {
        case "d": return .digits
        case "D": return ScalarSet.digits.negated
        case "w": return .word
        case "W": return ScalarSet.word.negated
        case "s": return .space
        case "S": return ScalarSet.space.negated
        case "t": return ScalarSet([0x09...0x09])
        case "n": return ScalarSet([0x0A...0x0A])
        case "r": return ScalarSet([0x0D...0x0D])
        case "f": return ScalarSet([0x0C...0x0C])
        case "u": return self.hexadecimal(4)
        case "x": return self.hexadecimal(2)
        case "p": return self.property()
        case "P": return self.property()?.negated
        default:
            // Other letters and digits have meanings that are not supported; anything else stands for itself.
            guard !scalar.properties.isAlphabetic, scalar.value &- 0x30 >= 10 else { return nil }
            return ScalarSet([scalar.value...scalar.value])
        }
    }

    private mutating func hexadecimal(_ count: Int) -> ScalarSet? {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let scalar = self.current, scalar.isASCII,
                let digit = ASCII.hexValue(UInt8(truncatingIfNeeded: scalar.value))
            else { return nil }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return ScalarSet([value...value])
    }

    private mutating func property() -> ScalarSet? {
        guard self.skip("{"), let end = self.scalars[self.position...].firstIndex(of: "}") else { return nil }
        var name = ""
        name.unicodeScalars.append(contentsOf: self.scalars[self.position..<end])
        self.position = end + 1
        switch name {
        case "ASCII": return ScalarSet([0...0x7F])
        case "Print": return ScalarSet([0x20...0x7E])
        case "Alnum": return ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
        default:
            guard let category = ScalarSet.Category(rawValue: name) else { return nil }
            var set = ScalarSet()
            set.insert(category)
            return set
        }
    }

    /// A character class, after its opening bracket.
    private mutating func bracket() -> ScalarSet? {
        let isNegated = self.skip("^")
        var set = ScalarSet()
        var isFirst = true
        while let scalar = self.current, scalar != "]" || isFirst {
            isFirst = false
            // Unions and intersections of classes are Java's own; no model has them.
            guard scalar != "[", !self.skip("&&") else { return nil }
            guard let low = self.member() else { return nil }
            guard let first = low.single, self.current == "-", self.position + 1 < self.scalars.count,
                self.scalars[self.position + 1] != "]"
            else {
                set.insert(low)
                continue
            }
            self.position += 1
            let start = self.position
            guard let high = self.member() else { return nil }
            if let last = high.single {
                guard last >= first else { return nil }
                set.insert(first...last)
            } else {
                // `[a-\w]`: the hyphen stands for itself.
                set.insert(low)
                set.insert(ScalarSet([0x2D...0x2D]))
                self.position = start
            }
        }
        guard self.skip("]") else { return nil }
        set = self.folded(set)
        return isNegated ? set.negated : set
    }

    private mutating func member() -> ScalarSet? {
        guard let scalar = self.current else { return nil }
        self.position += 1
        return scalar == "\\" ? self.escape() : ScalarSet([scalar.value...scalar.value])
    }
}
