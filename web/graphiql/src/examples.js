// The tabs that a newcomer finds. Names are those of the schema; each runs as it stands for somebody signed in.
const newestOrders = `# The newest orders, 25 a page.
# Run it with the play button, or Ctrl-Enter.
# For the next page, add  after: "<endCursor>".
query NewestOrders {
  orders(
    first: 25
    orderBy: [{ field: CREATED_AT, direction: DESC }]
  ) {
    nodes {
      id
      number
      status
      total { amount currency }
      createdAt
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const ordersWithItems = `# Orders with customer, items and products:
# nested, yet a handful of database statements.
query OrdersWithItems {
  orders(
    first: 10
    orderBy: [{ field: CREATED_AT, direction: DESC }]
  ) {
    nodes {
      number
      status
      customer { name }
      items {
        sku
        quantity
        product { name }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const changeOrderStatus = `# Moves one order along (role manager or admin).
# 1. Run PendingOrders from the button's menu and
#    copy an id: it begins with ord_
# 2. Paste it below, under Variables, as input.id
# 3. Run ChangeOrderStatus from the same menu.
#
# PENDING    -> CONFIRMED  or CANCELLED
# CONFIRMED  -> PROCESSING or CANCELLED
# PROCESSING -> SHIPPED    or CANCELLED
# SHIPPED    -> DELIVERED  -> REFUNDED
# A step that is not allowed answers in userErrors.
mutation ChangeOrderStatus(
  $input: ChangeOrderStatusInput!
) {
  changeOrderStatus(input: $input) {
    order { id number status version updatedAt }
    userErrors { code message field }
  }
}

query PendingOrders {
  orders(
    first: 5
    where: { status: { in: [PENDING] } }
  ) {
    nodes { id number status }
  }
}
`;

const changeVariables = `{
  "input": {
    "id": "ord_paste_an_id_here",
    "status": "CONFIRMED"
  }
}
`;

const orderEvents = `# Every change of an order, live over SSE.
# Run it and stay in this tab: leaving it stops it.
# Change an order from a second window, or let
#   tidegate simulate
# make traffic. The newest event is shown, and counted
# below. A cut connection resumes and loses nothing.
subscription OrderEvents {
  orderEvents {
    type
    id
    ts
    patch
    order { number status total { amount currency } }
    cursor
  }
}
`;

export const exampleTabs = [
  { query: newestOrders },
  { query: ordersWithItems },
  { query: changeOrderStatus, variables: changeVariables },
  { query: orderEvents },
];
