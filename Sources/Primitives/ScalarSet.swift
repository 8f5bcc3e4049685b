/// A set of Unicode scalars, as a character class of a pattern describes it.
struct ScalarSet: Sendable {
    /// One bit for each ASCII character; everything else is looked up in the ranges below.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var ranges: [ClosedRange<UInt32>] = []
    private var categories: [Category] = []
    private var complements: [ScalarSet] = []
    private var isNegated = false

    /// The properties that models name.
    enum Category: String, Sendable {
        case letter = "L"
        case mark = "M"
        case number = "N"
        case punctuation = "P"
        case symbol = "S"
        case separator = "Z"
        case space = "Zs"

        func contains(_ category: Unicode.GeneralCategory) -> Bool {
            switch category {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self == .letter
            case .nonspacingMark, .spacingMark, .enclosingMark: self == .mark
            case .decimalNumber, .letterNumber, .otherNumber: self == .number
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                self == .punctuation
            case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: self == .symbol
            case .spaceSeparator: self == .separator || self == .space
            case .lineSeparator, .paragraphSeparator: self == .separator
            default: false
            }
        }
    }

    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([0x09...0x0D, 0x20...0x20])
    /// Java's dot: anything but the end of a line.
    static let dot = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x85...0x85, 0x2028...0x2029]).negated

    init(_ ranges: [ClosedRange<UInt32>] = []) {
        for range in ranges { self.insert(range) }
    }

    /// The only member of a set that has exactly one.
    var single: UInt32? {
        guard self.ranges.count == 1, self.categories.isEmpty, self.complements.isEmpty, !self.isNegated,
            let range = self.ranges.first, range.lowerBound == range.upperBound
        else { return nil }
        return range.lowerBound
    }

    var negated: ScalarSet {
        var set = self
        set.isNegated.toggle()
        return set
    }

    mutating func insert(_ range: ClosedRange<UInt32>) {
        self.ranges.append(range)
        guard range.lowerBound < 128 else { return }
        for value in range.lowerBound...min(127, range.upperBound) {
            if value < 64 { self.low |= 1 << value } else { self.high |= 1 << (value - 64) }
        }
    }

    mutating func insert(_ category: Category) {
        self.categories.append(category)
        for value in UInt8(0)..<128 where category.contains(Unicode.Scalar(value).properties.generalCategory) {
            if value < 64 { self.low |= 1 << value } else { self.high |= 1 << (value - 64) }
        }
    }

    /// Everything that another class holds, such as `\W` inside brackets.
    mutating func insert(_ other: ScalarSet) {
        if other.isNegated {
            self.complements.append(other)
            for value in UInt8(0)..<128 where other.contains(Unicode.Scalar(value)) {
                if value < 64 { self.low |= 1 << value } else { self.high |= 1 << (value - 64) }
            }
        } else {
            for range in other.ranges { self.insert(range) }
            for category in other.categories { self.insert(category) }
            for complement in other.complements { self.insert(complement) }
        }
    }

    /// Both cases of every letter; ASCII only, as Java's `(?i)`.
    var caseInsensitive: ScalarSet {
        var set = self
        for value in UInt32(0x41)...0x5A {
            let isUpper = self.high >> UInt64(value - 64) & 1 == 1
            let isLower = self.high >> UInt64(value - 32) & 1 == 1
            if isUpper { set.insert(value + 32...value + 32) }
            if isLower { set.insert(value...value) }
        }
        return set
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        let isMember: Bool
        if value < 128 {
            isMember = (value < 64 ? self.low >> UInt64(value) : self.high >> UInt64(value - 64)) & 1 == 1
        } else {
            isMember =
                self.ranges.contains { $0.contains(value) }
                || (!self.categories.isEmpty && self.hasCategory(scalar))
                || self.complements.contains { $0.contains(scalar) }
        }
        return isMember != self.isNegated
    }

    private func hasCategory(_ scalar: Unicode.Scalar) -> Bool {
        let category = scalar.properties.generalCategory
        return self.categories.contains { $0.contains(category) }
    }
}
