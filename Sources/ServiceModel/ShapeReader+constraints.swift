extension ShapeReader {
    /// Checks a string's length in code points, its pattern and its known values. Of a violated pattern and a violated
    /// length, the service decides which is reported first.
    package func check(string value: String, _ constraints: Constraints, _ member: MemberSchema) {
        if !constraints.enumValues.isEmpty {
            guard !constraints.enumValues.contains(value) else { return }
            self.note(.enumeration(constraints.enumValues), member) { ValueText.cut(value) }
        }
        let isInBounds =
            Self.isSurelyWithin(constraints, utf8Count: value.utf8.count)
            || Self.allows(constraints, count: value.unicodeScalars.count)
        if !isInBounds, constraints.isLengthFirst { self.check(lengthOf: value, constraints, member) }
        // A pattern is tried only on a text of valid length or a short one, so that no input makes it slow.
        if let pattern = constraints.pattern, isInBounds || value.utf8.count <= Self.triedBytesMax,
            !PatternMatcher.matches(value, pattern)
        {
            self.note(.pattern(pattern), member) { ValueText.cut(value) }
        }
        if !isInBounds, !constraints.isLengthFirst { self.check(lengthOf: value, constraints, member) }
    }

    private func check(lengthOf value: String, _ constraints: Constraints, _ member: MemberSchema) {
        self.check(count: value.unicodeScalars.count, constraints, member) { ValueText.cut(value) }
    }

    /// The longest text, in bytes of UTF-8, on which a pattern is tried although it may be longer than the model
    /// allows.
    private static let triedBytesMax = 16 << 10

    /// Whether a text of that many bytes is within the bounds, whether its characters take one byte each or four.
    private static func isSurelyWithin(_ constraints: Constraints, utf8Count: Int) -> Bool {
        let least = (utf8Count + 3) / 4
        return least >= constraints.lengthMin ?? 0 && utf8Count <= constraints.lengthMax ?? .max
    }

    private static func allows(_ constraints: Constraints, count: Int) -> Bool {
        count >= constraints.lengthMin ?? 0 && count <= constraints.lengthMax ?? .max
    }

    /// Checks the number of characters, bytes, elements or entries.
    package func check(count: Int, _ constraints: Constraints, _ member: MemberSchema, _ value: () -> String) {
        guard !Self.allows(constraints, count: count) else { return }
        self.note(
            .length(min: constraints.lengthMin, max: constraints.lengthMax),
            member,
            length: count,
            value: value
        )
    }

    /// Checks a number's range, which excludes NaN; `text` is the number as it is printed.
    package func check(
        number: Double, _ text: @autoclosure () -> String, _ constraints: Constraints, _ member: MemberSchema
    ) {
        let isOutside = number < constraints.rangeMin ?? -.infinity || number > constraints.rangeMax ?? .infinity
        let isBounded = constraints.rangeMin != nil || constraints.rangeMax != nil
        guard isOutside || (number.isNaN && isBounded) else { return }
        self.note(.range(min: constraints.rangeMin, max: constraints.rangeMax), member) {
            Self.name(number) ?? text()
        }
    }

    /// AWS's names of NaN and of infinite numbers.
    private static func name(_ number: Double) -> String? {
        if number.isNaN { return "NaN" }
        return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : nil
    }
}
