import ServiceModel
import Testing

@Suite struct SchemaTextTests {
    static let text = SchemaText(
        """
        service id=shop signing=shop-signing endpoint=shop.example version=2026-01-01 protocols=awsJson1_1,awsQuery \
        target=Shop_20260101 xmlns=https://shop.example/doc/ query-compatible
        names Buy Sell Unlisted
        shape Basket structure input
        member Id Word required json=id xml=identifier label
        member Items Items
        member Owner Basket
        shape Colour enum enum=RED,%C3%A9%20%2C,
        shape Gone structure error=410 code=Shop.Gone
        member message Word
        shape Items list min=1 max=2
        member member Colour flattened
        shape Moment timestamp time=rfc822
        shape Name string min=3 pattern=[a-z]+ length-first
        shape Pair structure told=Right,Left
        member Left Name min=0 max=9
        member Right Name
        shape Word string min=3 max=255 pattern=[a-z%20]+ sensitive
        operation Buy Basket Basket errors=Gone method=PUT uri=/buy/{Id}%20?x status=201 host-prefix=data- unsigned
        operation Sell Basket Basket wrapper=SellResult
        """
    )

    @Test func `a service keeps what its line says`() {
        let service = Self.text.service
        #expect(service.id == "shop")
        #expect(service.signingName == "shop-signing")
        #expect(service.endpointPrefix == "shop.example")
        #expect(service.apiVersion == "2026-01-01")
        #expect(service.protocols == [.awsJson1_1, .awsQuery])
        #expect(service.targetPrefix == "Shop_20260101")
        #expect(service.xmlNamespace == XMLNamespace(uri: "https://shop.example/doc/"))
        #expect(service.isQueryCompatible)
        #expect(service.operationNames == ["Buy", "Sell", "Unlisted"])
    }

    @Test func `operations keep their bindings, and what is not said is the protocol's rule`() {
        let (buy, sell) = (Self.text.service.operations[0], Self.text.service.operations[1])
        #expect(buy.name == "Buy" && buy.method == "PUT" && buy.uri == "/buy/{Id} ?x" && buy.status == 201)
        #expect(buy.hostPrefix == "data-" && buy.isUnsigned && buy.resultWrapper == nil)
        #expect(buy.errors.map(\.name) == ["Gone"])
        #expect(sell.method == "POST" && sell.uri == "/" && sell.status == 200 && !sell.isUnsigned)
        #expect(sell.resultWrapper == "SellResult" && sell.errors.isEmpty && sell.hostPrefix == nil)
        #expect(buy.input === Self.text.shape("Basket") && sell.output === buy.input)
    }

    @Test func `the order in which the service tells what is wrong is kept, and a member's own bounds`() throws {
        let pair = Self.text.shape("Pair")
        #expect(pair.traits.toldMembers == ["Right", "Left"])
        let name = try #require(pair.members[1].constraints)
        #expect(name.isLengthFirst && name.lengthMin == 3 && name.pattern == "[a-z]+")
        let own = try #require(pair.members[0].constraints)
        #expect(own.lengthMin == 0 && own.lengthMax == 9 && own.pattern == nil)
    }

    @Test func `members keep their order, their traits and their targets, circles included`() {
        let basket = Self.text.shape("Basket")
        #expect(basket.members.map(\.name) == ["Id", "Items", "Owner"])
        #expect(basket.members.map(\.index) == [0, 1, 2])
        #expect(basket.members[2].target === basket)
        #expect(basket.traits.isOperationInput)
        let id = basket.members[0]
        #expect(id.traits.isRequired && id.traits.jsonName == "id" && id.traits.xmlName == "identifier")
        #expect(id.traits.location == .label)
        #expect(id.isSensitive)
        #expect(Self.text.shape("Items").element.traits.isXMLFlattened)
    }

    @Test func `constraints, escapes and formats are read`() {
        let word = Self.text.shape("Word").traits.constraints
        #expect(word?.lengthMin == 3 && word?.lengthMax == 255 && word?.pattern == "[a-z ]+")
        #expect(Self.text.shape("Colour").traits.constraints?.enumValues == ["RED", "é ,", ""])
        #expect(Self.text.shape("Moment").traits.timestampFormat == .httpDate)
        #expect(Self.text.shape("Basket").traits.constraints == nil)
        #expect(
            Self.text.shape("Gone").traits.error
                == ErrorTrait(status: 410, isServerFault: false, queryCode: "Shop.Gone")
        )
    }
}
