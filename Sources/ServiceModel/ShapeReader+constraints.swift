extension ShapeReader {
    /// A string's length in code points, its pattern and its known values.
    package func check(string value: String, _ constraints: Constraints, _ member: MemberSchema) {
        if !constraints.enumValues.isEmpty {
            guard !constraints.enumValues.contains(value) else { return }
            self.note(.enumeration(constraints.enumValues), member) { ValueText.cut(value) }
        }
        var isInBounds = true
        if constraints.lengthMin != nil || constraints.lengthMax != nil {
            isInBounds =
                Self.isSurelyWithin(constraints, utf8Count: value.utf8.count)
                || self.check(count: value.unicodeScalars.count, constraints, member) { ValueText.cut(value) }
        }
        // A pattern is only tried on a lawful length, so that no input makes it slow.
        if isInBounds, let pattern = constraints.pattern, !PatternMatcher.matches(value, pattern) {
            self.note(.pattern(pattern), member) { ValueText.cut(value) }
        }
    }

    /// Whether a text of so many bytes is within the bounds however many of them a character takes, up to four.
    private static func isSurelyWithin(_ constraints: Constraints, utf8Count: Int) -> Bool {
        let least = (utf8Count + 3) / 4
        return least >= constraints.lengthMin ?? 0 && utf8Count <= constraints.lengthMax ?? .max
    }

    /// The number of characters, bytes, elements or entries.
    /// - Returns: whether it is within the bounds.
    @discardableResult
    package func check(
        count: Int, _ constraints: Constraints, _ member: MemberSchema, _ value: () -> String
    ) -> Bool {
        guard count < constraints.lengthMin ?? 0 || count > constraints.lengthMax ?? .max else { return true }
        self.note(
            .length(min: constraints.lengthMin, max: constraints.lengthMax),
            member,
            length: count,
            value: value
        )
        return false
    }

    /// A number's range; `text` is the number as it is printed.
    package func check(
        number: Double, _ text: @autoclosure () -> String, _ constraints: Constraints, _ member: MemberSchema
    ) {
        guard number < constraints.rangeMin ?? -.infinity || number > constraints.rangeMax ?? .infinity else { return }
        self.note(.range(min: constraints.rangeMin, max: constraints.rangeMax), member) { text() }
    }
}
